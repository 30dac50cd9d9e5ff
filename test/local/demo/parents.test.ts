import { launchersOf } from '../../../local/demo/parents';

function tree(...lines: Array<[pid: number, parent: number, command: string]>) {
  return (pid: number) => {
    const found = lines.find(line => line[0] === pid);
    return found && { parent: found[1], command: found[2] };
  };
}

test('with npm, everything up to it counts, and nothing above it', () => {
  expect(
    launchersOf(
      50,
      tree(
        [50, 40, 'node --import tsx demo.ts'],
        [40, 30, 'node tsx demo.ts'],
        [30, 20, 'sh -c tsx demo.ts'],
        [20, 10, 'npm run demo --report x.json'],
        [10, 1, 'bash'],
      ),
    ),
  ).toEqual([40, 30, 20]);
});

test('without npm only the parent counts: its own parents may end as they like', () => {
  expect(launchersOf(50, tree([50, 40, 'node demo.js'], [40, 30, 'node tsx'], [30, 1, 'bash']))).toEqual([40]);
});

test('a process that was left alone already has no launcher', () => {
  expect(launchersOf(50, tree([50, 1, 'node demo.js']))).toEqual([]);
});

test('the real process list is understood', () => {
  expect(launchersOf(process.pid)[0]).toBe(process.ppid);
});
