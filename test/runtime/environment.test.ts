import { requireEnv } from '../../src/runtime/environment';

describe('requireEnv', () => {
  afterEach(() => {
    delete process.env.SOME_VARIABLE;
  });

  test('returns the value', () => {
    process.env.SOME_VARIABLE = 'value';
    expect(requireEnv('SOME_VARIABLE')).toBe('value');
  });

  test('names a variable that is missing', () => {
    expect(() => requireEnv('SOME_VARIABLE')).toThrow(/SOME_VARIABLE is missing/);
  });

  test('an empty value is no value', () => {
    process.env.SOME_VARIABLE = '';
    expect(() => requireEnv('SOME_VARIABLE')).toThrow(
      expect.objectContaining({ name: 'Etl.Configuration', message: expect.stringContaining('is empty') }),
    );
  });
});
