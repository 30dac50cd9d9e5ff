import { readFileSync } from 'fs';
import { join } from 'path';
import { REMOVALS, remove } from './simulation/conditions';

test.each(REMOVALS)('$name: npm run mutate:ledger finds it in the source', removal => {
  const text = readFileSync(join(__dirname, '../../src', removal.file), 'utf8');
  expect(remove(text, removal)).not.toBe(text);
});
