import { Narrator } from '../../../local/demo/narrator';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function narrator(): { lines: string[]; told: Narrator } {
  const lines: string[] = [];
  return { lines, told: new Narrator(line => lines.push(line)) };
}

test('each line begins with the seconds since the start', () => {
  const { lines, told } = narrator();
  jest.advanceTimersByTime(12_300);
  told.say('file arrived');
  expect(lines).toEqual(['[  12.3 s] file arrived']);
});

test('silence is broken as long as something is awaited', () => {
  const { lines, told } = narrator();
  told.await('Hive');
  jest.advanceTimersByTime(21_000);
  expect(lines).toEqual([
    '[  10.0 s] still going on: Hive (10 s so far)',
    '[  20.0 s] still going on: Hive (20 s so far)',
  ]);
  told.awaited('Hive');
  jest.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(2);
});

test('work that fails is awaited no longer', async () => {
  const { lines, told } = narrator();
  await expect(told.during('deploy', () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  jest.advanceTimersByTime(60_000);
  expect(lines).toEqual(['[   0.0 s] deploy …']);
});

test('a terminal does not obey a file name', () => {
  const { lines, told } = narrator();
  told.say('orders/\u001b]0;title\u0007.csv arrived');
  expect(lines).toEqual(['[   0.0 s] orders/\\u001b]0;title\\u0007.csv arrived']);
});
