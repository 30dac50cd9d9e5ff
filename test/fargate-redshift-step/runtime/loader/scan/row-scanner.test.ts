/* eslint-disable no-bitwise */
import * as fc from 'fast-check';
import { lexicalRule } from '../../../../../src/dataset/contract';
import { compile, DEAD, START } from '../../../../../src/fargate-redshift-step/runtime/loader/scan/automaton';
import { RowRules } from '../../../../../src/fargate-redshift-step/runtime/loader/scan/row-rules';
import { RowScanner } from '../../../../../src/fargate-redshift-step/runtime/loader/scan/row-scanner';
import { TextForms } from '../../../../../src/fargate-redshift-step/runtime/loader/scan/text-forms';
import { columnType } from '../../../../../src/fargate-redshift-step/runtime/loader/sql/target-types';
import { ACCEPTED_ROWS, CORPUS, REJECTED_ROWS } from '../../../../csv-corpus';

const dataset = CORPUS._definition;
const targets = dataset.columns.map(column => ({
  name: column.name,
  type:
    column.type === 'timestamp'
      ? 'timestamp without time zone'
      : columnType(column)
          .toLowerCase()
          .replace('decimal', 'numeric')
          .replace('varchar', 'character varying')
          .replace(', ', ','),
  notNull: false,
}));

const corpusRules = new RowRules(dataset, targets);

/** What a scanner makes of the lines: the numbers of the rejected ones, with the reasons. */
function scan(lines: Buffer[], rules = corpusRules) {
  const rejected: [number, string][] = [];
  const bytes = Buffer.concat(lines.flatMap(line => [line, Buffer.from('\n')]));
  const scanner = new RowScanner(
    rules,
    { linesBefore: 0, first: false, oneOfSeveral: false },
    {
      row: () => undefined,
      rejected: (line, _, reason) => {
        rejected.push([line, reason]);
      },
    },
  );
  expect(scanner.scan(bytes, bytes.length, true)).toBe(bytes.length);
  return { rejected, rows: scanner.rows, forms: scanner.forms };
}

test.each(ACCEPTED_ROWS.map(row => [row.name, row.line] as const))('takes %s', (_, line) => {
  expect(scan([line])).toMatchObject({ rejected: [], rows: 1 });
});

test.each(REJECTED_ROWS.map(row => [row.name, row] as const))('rejects %s', (_, { line, lineCount, reason }) => {
  expect(scan([line]).rejected).toEqual(Array.from({ length: lineCount }, (__, index) => [index + 1, reason]));
});

test('judges each of many lines as if it were alone', () => {
  const rows = [
    ...ACCEPTED_ROWS,
    ...REJECTED_ROWS.filter(({ lineCount, name }) => lineCount === 1 && !/quote/.test(name)),
  ];
  const { rejected, rows: taken } = scan(rows.map(({ line }) => line));
  expect(rejected).toEqual(rows.flatMap((row, index) => ('reason' in row ? [[index + 1, row.reason]] : [])));
  expect(taken).toBe(ACCEPTED_ROWS.length);
});

test.each([',', '-', '.', '0', ':', 'T', ' ', '\t'])(
  'the quick look and the careful one agree on every line, with the delimiter %j',
  delimiter => {
    const definition = { ...dataset, format: { ...dataset.format, delimiter } };
    const rules = new RowRules(definition, targets);
    const seeds = ACCEPTED_ROWS.map(({ line }) => line.toString('latin1').replaceAll(',', delimiter)).filter(
      line => line.length < 300,
    );
    const edit = fc.record({
      at: fc.nat(200),
      text: fc.constantFrom(
        '"',
        '""',
        delimiter,
        '-',
        '+',
        '0',
        '9',
        '.',
        'e',
        'Z',
        ' ',
        '\r',
        '\0',
        '\xff',
        '\xef\xbf\xbd',
        'x',
        '',
      ),
    });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 3 }), (seed, edits) => {
        const line = Buffer.from(
          edits.reduce((text, { at, text: put }) => text.slice(0, at) + put + text.slice(at + 1), seed),
          'latin1',
        );
        if (line.length === 0 || line.toString('latin1') === '\r') return;
        const withoutReturn = line[line.length - 1] === 13 ? line.subarray(0, -1) : line;
        const forms = new TextForms(dataset.columns.length);
        const { reason } = rules.judge.judge(withoutReturn, forms);
        const scanned = scan([line], rules);
        expect(scanned.rejected).toEqual(reason === undefined ? [] : [[1, reason]]);
        if (reason === undefined) expect(scanned.forms.columns).toEqual(forms.columns);
      }),
      { numRuns: 500, seed: 1 },
    );
  },
);

test.each(dataset.columns.filter(column => lexicalRule(column)))(
  'the automaton of $name matches what the rule matches',
  column => {
    const rule = lexicalRule(column)!;
    const { next, matches } = compile([rule]);
    const matchesText = (text: string): boolean =>
      matches[[...Buffer.from(text)].reduce((state, byte) => next[(state << 8) | byte], START)] === 1;
    const texts = [...ACCEPTED_ROWS, ...REJECTED_ROWS].flatMap(({ line }) => line.toString().split(/[,"]/));
    for (const text of texts) expect([text, matchesText(text)]).toEqual([text, new RegExp(rule).test(text)]);
    fc.assert(
      fc.property(fc.stringMatching(new RegExp(rule)), text => matchesText(text)),
      { numRuns: 200, seed: 1 },
    );
    expect(next.subarray(0, 256).every(state => state === DEAD)).toBe(true);
  },
);

test('tells what SQL must mind of the texts', () => {
  const { forms } = scan([
    Buffer.from('a,"",1,1.5,,,,,,2026-01-01T00:00:00Z,\r'),
    Buffer.from('b,,+1,.5,,,,,,2026-01-01T00:00:00Z,"12345"'),
  ]);
  expect(forms.carriageReturns).toBe(true);
  expect(Object.fromEntries(dataset.columns.map(({ name }, index) => [name, forms.columns[index]]))).toMatchObject({
    label: { emptyInQuotes: true, maxBytes: 0 },
    quantity: { plain: false, maxBytes: 2 },
    amount: { plain: false, maxBytes: 3 },
    updated_at: { plain: true, maxBytes: 20 },
    note: { emptyInQuotes: false, maxBytes: 5 },
  });
});
