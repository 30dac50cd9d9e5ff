import { ColumnDefinition, lexicalRule } from '../../src/dataset/contract';

function column(type: ColumnDefinition['type'], precision?: number, scale?: number): ColumnDefinition {
  return { name: 'c', header: 'c', required: false, type, precision, scale };
}

const TIME = '2026-01-31T12:00:00';

const CASES: { column: ColumnDefinition; good: string[]; bad: string[] }[] = [
  {
    column: column('integer'),
    good: ['0', '-0', '+7', '007', '9223372036854775807', '-9223372036854775808', '0'.repeat(50) + '1'],
    bad: ['', '+', '-', '--1', '1.0', '1e3', ' 1', '1 ', '1_000', '0x1', '10000000000000000000', '1\n'],
  },
  {
    column: column('decimal', 12, 2),
    good: ['0', '1', '1.', '.5', '1.50', '1.5000', '-12.34', '+0.01', '9999999999.99', '0009999999999.990'],
    bad: ['', '.', '-', '+.', '10000000000', '1.234', '0.001', '1,5', '1e2', '1.5.0', ' 1', 'NaN'],
  },
  {
    column: column('decimal', 3, 3),
    good: ['0', '0.', '.125', '0.125', '00.5', '-.999', '-0.0000'],
    bad: ['', '1', '1.0', '0.1234', '.', '0.0001'],
  },
  { column: column('decimal', 1, 1), good: ['0', '.5', '0.5', '0.50'], bad: ['5', '0.05', '.'] },
  {
    column: column('decimal', 1, 0),
    good: ['5', '-5', '05', '5.', '5.00', '.0', '-.00'],
    bad: ['10', '5.5', '.5', '.', '-.'],
  },
  { column: column('decimal', 38, 0), good: ['9'.repeat(38)], bad: ['9'.repeat(39)] },
  { column: column('decimal', 38, 38), good: [`.${'9'.repeat(38)}`], bad: [`.${'9'.repeat(39)}`, '1'] },
  {
    column: column('floatingPoint'),
    good: [
      '0',
      '-0.0',
      '1',
      '1.',
      '.5',
      '-2.5e3',
      '1E-5',
      '1e+5',
      '1e05',
      '9.99e125',
      '1e-130',
      '1.2345678901234567e-128',
      '9'.repeat(30),
    ],
    bad: [
      '',
      '.',
      'e5',
      '1e',
      '1e1.5',
      'NaN',
      'Infinity',
      '-inf',
      '1d',
      '1f',
      '0x1p3',
      '1e140',
      '1e-140',
      '9'.repeat(31),
      `.${'0'.repeat(31)}`,
      ' 1',
      '1,5',
    ],
  },
  {
    column: column('bool'),
    good: ['true', 'FALSE', 'tRuE', 't', 'F', '1', '0'],
    bad: ['', 'yes', 'n', 'on', '2', '01', 'tru', ' true', 'true '],
  },
  {
    column: column('date'),
    good: [
      '2026-01-31',
      '2024-02-29',
      '2000-02-29',
      '0001-01-01',
      '0004-02-29',
      '9999-12-31',
      '1582-10-10',
      '2026-12-31',
      '2026-11-30',
    ],
    bad: [
      '',
      '2023-02-29',
      '1900-02-29',
      '2026-02-30',
      '2026-04-31',
      '2026-11-31',
      '2026-00-01',
      '2026-13-01',
      '2026-01-00',
      '2026-01-32',
      '0000-01-01',
      '0000-02-29',
      '10000-01-01',
      '2026-1-1',
      '20260131',
      '2026/01/31',
      `${TIME}`,
      '2026-01-31 ',
    ],
  },
  {
    column: column('timestamp'),
    good: [
      TIME,
      '2026-01-31 12:00',
      '2026-01-31T12:00Z',
      `${TIME}Z`,
      `${TIME}.1`,
      `${TIME}.123456`,
      `${TIME}.123456000Z`,
      `${TIME}+02`,
      `${TIME}-0530`,
      `${TIME}+05:30`,
      `${TIME}+13:59`,
      `${TIME}+14`,
      `${TIME}-14:00`,
      `${TIME}+1400`,
      `${TIME}-00:00`,
    ],
    bad: [
      '',
      '2026-01-31',
      '2026-01-31T',
      '2026-01-31t12:00',
      '2026-01-31  12:00',
      '2026-01-31T12',
      '2026-01-31T1:00',
      '2026-01-31T24:00',
      '2026-01-31T12:60',
      '2026-01-31T12:00:60',
      `${TIME}.`,
      `${TIME}.1234567`,
      `${TIME}z`,
      `${TIME} Z`,
      `${TIME}+2`,
      `${TIME}+14:01`,
      `${TIME}+14:59`,
      `${TIME}-15`,
      `${TIME}+02:60`,
      `${TIME}UTC`,
      '2023-02-29T12:00',
      '1769860800',
    ],
  },
];

describe.each(CASES)('$column.type($column.precision,$column.scale)', ({ column: definition, good, bad }) => {
  const rule = new RegExp(lexicalRule(definition)!);

  test.each(good)('accepts %j', text => expect(text).toMatch(rule));
  test.each(bad)('refuses %j', text => expect(text).not.toMatch(rule));
});

test('any text is a string', () => {
  expect(lexicalRule(column('string'))).toBeUndefined();
});

test('every date of four centuries, and no other day, is a date', () => {
  const rule = new RegExp(lexicalRule(column('date'))!);
  const wrong: string[] = [];
  for (let year = 1900; year < 2300; year++) {
    for (let month = 1; month <= 12; month++) {
      const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
      for (let day = 1; day <= 31; day++) {
        const text = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
        if (rule.test(text) !== day <= days) wrong.push(text);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('no rule needs anything that one of the engines lacks', () => {
  for (const { column: definition } of CASES) {
    // no backslash, no quote, no group but plain ones, no possessive or lazy quantifier
    expect(lexicalRule(definition)).not.toMatch(/[\\'"]|\(\?|[*+?}][+?]/);
  }
});
