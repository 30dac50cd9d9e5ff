import { ConnectionLostError, isLost, Retries } from '../../../../src/fargate-redshift-step/runtime/loader/retries';

jest.mock('timers/promises', () => ({
  setTimeout: jest.fn((_milliseconds: number, _value: unknown, { signal }: { signal: AbortSignal }) =>
    signal.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve(),
  ),
}));
const pauses = (): number[] =>
  jest.requireMock('timers/promises').setTimeout.mock.calls.map(([wait]: [number]) => wait);

beforeEach(() => jest.clearAllMocks());

const lost = new ConnectionLostError(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
const isConnectionLost = (error: unknown) => error instanceof ConnectionLostError;

test('counts what is done again, with pauses at random that double', async () => {
  const retries = new Retries(() => undefined, new AbortController().signal);
  const attempted = jest.fn().mockRejectedValueOnce(lost).mockRejectedValueOnce(lost).mockResolvedValue('done');
  const recover = jest.fn().mockResolvedValue(undefined);
  expect(await retries.run(attempted, isConnectionLost, recover)).toBe('done');
  expect(retries.count).toBe(2);
  expect(recover).toHaveBeenCalledTimes(2);
  const [first, second] = pauses();
  expect([first >= 250 && first <= 750, second >= 500 && second <= 1_500]).toEqual([true, true]);
});

test('gives up at the sixth time', async () => {
  const retries = new Retries(() => undefined, new AbortController().signal);
  const attempted = jest.fn().mockRejectedValue(lost);
  await expect(retries.run(attempted, isConnectionLost)).rejects.toBe(lost);
  expect([attempted.mock.calls.length, retries.count]).toEqual([6, 5]);
});

test('does nothing again for an error that stays, nor for a load that is stopped', async () => {
  const stop = new AbortController();
  const retries = new Retries(() => undefined, stop.signal);
  const broken = jest.fn().mockRejectedValue(new Error('syntax error'));
  await expect(retries.run(broken, isConnectionLost)).rejects.toThrow('syntax error');
  expect(broken).toHaveBeenCalledTimes(1);
  stop.abort(new Error('stopped'));
  const attempted = jest.fn().mockRejectedValue(lost);
  await expect(retries.run(attempted, isConnectionLost)).rejects.toBe(lost);
  expect(attempted).toHaveBeenCalledTimes(1);
});

test.each([
  ['read ECONNRESET', 'ECONNRESET', true],
  ['read ETIMEDOUT', 'ETIMEDOUT', true],
  ['terminating connection due to administrator command', '57P01', true],
  ['the database system is starting up', '57P03', true],
  ['connection failure', '08006', true],
  ['Connection terminated unexpectedly', undefined, true],
  ['getaddrinfo ENOTFOUND', 'ENOTFOUND', false],
  ['canceling statement due to user request', '57014', false],
  ['certificate has expired', 'CERT_HAS_EXPIRED', false],
  ['password authentication failed', '28000', false],
])('"%s" (%s): lost is %s', (message, code, expected) => {
  expect(isLost(Object.assign(new Error(message), { code }))).toBe(expected);
});
