// Sums what the test runners themselves counted: jest's JUnit report and node's TAP summary.
import { readFileSync } from 'node:fs';

const [junitFile, tapFile] = process.argv.slice(2);
const attribute = (text, name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(text)?.[1] ?? 0);
const summary = (text, name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);

const suites = /<testsuites[^>]*>/.exec(readFileSync(junitFile, 'utf8'))[0];
const tap = readFileSync(tapFile, 'utf8');
const failed = attribute(suites, 'failures') + attribute(suites, 'errors') + summary(tap, 'fail');
const passed =
  attribute(suites, 'tests') - attribute(suites, 'failures') - attribute(suites, 'errors') + summary(tap, 'pass');
console.log(`${passed} passed, ${failed} failed`);
