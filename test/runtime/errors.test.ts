import { ERROR, STEP_ENV } from '../../src/etl-step/contract';
import { CapacityError, ConfigurationError, DataError, EtlError, TransientError } from '../../src/runtime/errors';

test.each([
  [new TransientError('m'), ERROR.transient],
  [new CapacityError('m'), ERROR.capacity],
  [new ConfigurationError('m'), ERROR.configuration],
  [new DataError('m'), ERROR.data],
])('%s carries the name that the state machine catches by', (error, name) => {
  expect(error).toBeInstanceOf(EtlError);
  expect(error).toMatchObject({ name, message: 'm' });
});

test('a data error that knows the files at fault names them in its message', () => {
  expect(JSON.parse(new DataError('2 files are unreadable', ['id-1', 'id-2']).message)).toEqual({
    message: '2 files are unreadable',
    files: ['id-1', 'id-2'],
  });
});

test('keeps what caused it', () => {
  const cause = new Error('socket closed');
  expect(new TransientError('m', { cause }).cause).toBe(cause);
});

describe('where the trigger has an operator function', () => {
  beforeEach(() => {
    process.env[STEP_ENV.operatorFunction] = 'Stack-Operator';
  });
  afterEach(() => {
    delete process.env[STEP_ENV.operatorFunction];
  });

  test('a configuration error ends with the command that goes on', () => {
    expect(new ConfigurationError('The role may not read the file.').message).toBe(
      'The role may not read the file. Then resume: aws lambda invoke ' +
        '--function-name Stack-Operator --cli-binary-format raw-in-base64-out --payload ' +
        '\'{"operation":"resume"}\' /dev/stdout',
    );
  });

  test('other errors pass by themselves or concern the files', () => {
    expect([new TransientError('m'), new CapacityError('m'), new DataError('m')].map(error => error.message)).toEqual([
      'm',
      'm',
      'm',
    ]);
  });
});
