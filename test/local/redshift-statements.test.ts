// Every statement that the loader sends, read by a parser of Redshift's SQL that others have made: what the stand-in
// takes for Redshift's SQL is not our word alone.
import { execFile } from 'child_process';
import * as path from 'path';
import { promisify } from 'util';
import { LoaderBench } from './loader-bench';
import { pythonWith } from '../../local/ministack/python';
import { Column, DataFormat, Dataset } from '../../src';
import type { LoaderInput } from '../../src/fargate-redshift-step/contract';

jest.setTimeout(600_000);

const statements = new Set<string>();
let bench: LoaderBench;
beforeAll(async () => {
  bench = await LoaderBench.start();
  bench.redshift.watch(async sql => {
    if (sql !== 'goodbye') statements.add(sql); // a client that goes has sent no statement
    return undefined;
  });
});
afterAll(async () => {
  await bench?.stop();
});

const REQUIREMENTS = path.join(__dirname, 'redshift-statements', 'requirements.txt');

// prints what the parser does not understand, as JSON: [[number of the statement, text], ...]
const PARSE = `
import json, sys
from sqlfluff.core import FluffConfig, Linter
linter = Linter(config=FluffConfig(overrides={'dialect': 'redshift', 'large_file_skip_byte_limit': 0}))
print(json.dumps([[number, violation.desc()]
  for number, sql in enumerate(json.load(sys.stdin))
  for violation in linter.parse_string(sql).violations]))
`;

async function parse(texts: string[]): Promise<string[]> {
  const running = promisify(execFile)(await pythonWith('sqlfluff', REQUIREMENTS), ['-c', PARSE]);
  running.child.stdin!.end(JSON.stringify(texts));
  const found = JSON.parse((await running).stdout) as [number, string][];
  return found.map(([number, problem]) => `${problem} in ${texts[number]}`);
}

const columns = [
  Column.string('id'),
  Column.integer('quantity'),
  Column.decimal('amount', 12, 2),
  Column.floatingPoint('ratio'),
  Column.bool('gift'),
  Column.date('ordered_on'),
  Column.timestamp('updated_at'),
  Column.string('note'),
];
const HEADER = 'id,quantity,amount,ratio,gift,ordered_on,updated_at,note\n';
const PLAIN = 'a,1,1.5,0.5,true,2026-01-01,2026-01-01T00:00:00Z,x\n';
const ODD = 'a,+1,.5,1e3,T,2026-01-01,2026-01-01 00:00+02:00,""\r\n';

const MODES: [string, Partial<LoaderInput>][] = [
  ['upsert', {}],
  ['append', { mode: 'append', createTable: { distributionKey: 'id', sortKeys: ['ordered_on', 'id'] } }],
  ['replace', { mode: 'replace', createTable: { distributionStyle: 'ALL' } }],
  ['replace by a partition', { mode: 'replace', partitionColumn: 'gift' }],
];

test('sqlfluff reads every statement of every mode as Redshift SQL', async () => {
  let tables = 0;
  for (const [, work] of MODES) {
    for (const lines of [PLAIN, PLAIN + ODD]) {
      for (const key of work.mode ? [undefined, ['quantity']] : [['id'], ['quantity']]) {
        const latestBy = key && 'updated_at';
        const name = `parsed_${++tables}`;
        const dataset = new Dataset({ name, format: DataFormat.csv(), columns, key, latestBy })._definition;
        await bench.load(dataset, [{ content: HEADER + lines }], work);
      }
    }
  }
  expect(statements.size).toBeGreaterThan(100);
  expect(await parse([...statements])).toEqual([]);
});

test('sqlfluff sees what is wrong', async () => {
  expect(await parse(['SELECT 1', 'MERGE INTO a USIN b'])).toEqual([expect.stringContaining('in MERGE INTO a USIN b')]);
});
