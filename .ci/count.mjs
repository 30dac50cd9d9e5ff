// Sums what the test runners themselves counted: jest's JUnit reports and node's TAP summary.
import { readFileSync } from 'node:fs';

const [tapFile, ...junitFiles] = process.argv.slice(2);
const attribute = (text, name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(text)?.[1] ?? 0);
const summary = (text, name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);

const tap = readFileSync(tapFile, 'utf8');
let passed = summary(tap, 'pass');
let failed = summary(tap, 'fail');
for (const file of junitFiles) {
  const suites = /<testsuites[^>]*>/.exec(readFileSync(file, 'utf8'))[0];
  const wrong = attribute(suites, 'failures') + attribute(suites, 'errors');
  passed += attribute(suites, 'tests') - wrong;
  failed += wrong;
}
console.log(`${passed} passed, ${failed} failed`);
