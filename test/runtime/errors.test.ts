import { ERROR } from '../../src/etl-step/contract';
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
  expect(JSON.parse(new DataError('2 files are unreadable', ['id-1', 'id-2']).message))
    .toEqual({ message: '2 files are unreadable', files: ['id-1', 'id-2'] });
});

test('keeps what caused it', () => {
  const cause = new Error('socket closed');
  expect(new TransientError('m', { cause }).cause).toBe(cause);
});
