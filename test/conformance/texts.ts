import { ReaderColumn } from './independent-reader';
import { Random } from './random';

// Texts of fields. Whether a text is a value of its column is not said here: the reader says it.

/** A text that is a value of the column, in one of its many spellings. */
export function goodText(random: Random, { type, precision, scale }: ReaderColumn): string {
  const sign = random.pick(['', '', '-', '+']);
  const zeros = random.chance(0.2) ? '0'.repeat(random.from(1, 3)) : '';
  switch (type) {
    case 'string':
      return someText(random, random.chance(0.02) ? random.from(1_000, 20_000) : random.from(1, 12));
    case 'integer':
      return `${sign}${zeros}${random.digits(random.from(1, 18))}`;
    case 'decimal': {
      const whole = `${zeros}${random.digits(random.from(0, precision! - scale!))}`;
      const fraction = random.digits(random.from(0, scale!)) + (random.chance(0.2) ? '00' : '');
      if (fraction === '') return `${sign}${whole || '0'}${random.pick(['', '.'])}`;
      return `${sign}${whole}.${fraction}`;
    }
    case 'floatingPoint': {
      const exponent = random.chance(0.5)
        ? ''
        : `${random.pick(['e', 'E'])}${random.pick(['', '-', '+'])}${random.from(0, 120)}`;
      return `${sign}${random.digits(random.from(1, 17))}${random.pick(['', '.', `.${random.digits(random.from(1, 17))}`])}${exponent}`;
    }
    case 'bool':
      return random.pick(['true', 'false', 'TRUE', 'False', 't', 'F', '1', '0']);
    case 'date':
      return someDay(random);
    case 'timestamp': {
      const seconds = random.pick([
        '',
        ':00',
        `:${two(random.below(60))}`,
        `:${two(random.below(60))}.${random.digits(random.from(1, 6))}`,
      ]);
      const offset = `${random.pick(['+', '-'])}${two(random.below(14))}:${two(random.below(60))}`;
      const zone = random.pick(['', 'Z', 'Z', offset, offset.replace(':', ''), offset.slice(0, 3), '+14:00', '-14']);
      return `${someDay(random)}${random.pick(['T', ' '])}${two(random.below(24))}:${two(random.below(60))}${seconds}${zone}`;
    }
  }
}

/** A text at a bound of the column's type, or just beyond it. */
export function extremeText(random: Random, { type, precision, scale }: ReaderColumn): string {
  const sign = random.pick(['', '-', '+']);
  switch (type) {
    case 'string': {
      const length = 65_535 + random.from(-1, 1);
      const character = random.pick(['x', 'é', '東', '😀', '"']);
      const count = Math.floor(length / Buffer.byteLength(character));
      return character.repeat(count) + 'x'.repeat(length - count * Buffer.byteLength(character));
    }
    case 'integer':
      return `${sign}${'0'.repeat(random.pick([0, 0, 1, 40]))}${2n ** BigInt(random.pick([31, 53, 63, 63, 63, 64])) + BigInt(random.from(-1, 1))}`;
    case 'decimal': {
      const whole = 10n ** BigInt(precision! - scale!) + BigInt(random.from(-1, 1));
      const fraction = random.pick([
        '',
        '.',
        `.${'9'.repeat(scale!)}`,
        `.${'9'.repeat(scale! + 1)}`,
        `.${'0'.repeat(scale! + 5)}`,
        `.${'0'.repeat(scale!)}1`,
      ]);
      return `${sign}${random.pick([String(whole), '9'.repeat(precision! - scale!), '0', ''])}${fraction}`;
    }
    case 'floatingPoint': {
      const digits = random.pick([
        '1',
        '9.99',
        '9.999999999999998',
        '9.999999999999999',
        '9.9999999999999999',
        '0.1',
        '10',
        '0',
        random.digits(30),
        random.digits(31),
      ]);
      return `${sign}${digits}e${random.pick([125, 126, 124, -130, -131, -129, 139, 140, -139, -140, 308, -324, 0])}`;
    }
    case 'bool':
      return random.pick(['tRuE', 'yes', 'N', '01', '-1', 'on', 'truE ', 'fals', 'TT']);
    case 'date':
      return extremeDay(random);
    case 'timestamp': {
      const time = random.pick([
        '00:00:00',
        '23:59:59.999999',
        '24:00',
        '12:60',
        '12:00:60',
        '00:00',
        '12:00:00.0000001',
        '12:00:00.1234560000',
      ]);
      const zone = random.pick([
        '',
        'Z',
        '+00:01',
        '-00:01',
        '+14:00',
        '-14:00',
        '+14:01',
        '+1400',
        '-15',
        '+05:30',
        '-00:00',
        '+02:60',
        ' Z',
        'z',
      ]);
      return `${extremeDay(random)}${random.pick(['T', ' ', 't', '  '])}${time}${zone}`;
    }
  }
}

const NASTY = [
  '"',
  '""',
  ',',
  ';',
  '\t',
  ' ',
  '\\',
  "'",
  '.',
  '-',
  '+',
  ':',
  'e',
  'T',
  'Z',
  '0',
  '9',
  'x',
  '\u0001',
  '\u00a0',
  '\u0660',
  '\u0967',
  '\u2028',
  '\u0085',
  '\ufeff',
  'é',
];

/** The text with one or two characters more, less or changed. */
export function mutated(random: Random, text: string): string {
  let characters = [...text];
  for (let change = random.from(1, 2); change > 0; change--) {
    const at = random.below(characters.length + 1);
    characters = [
      ...characters.slice(0, at),
      ...random.pick([[], [random.pick(NASTY)]]),
      ...characters.slice(at + random.below(2)),
    ];
  }
  return characters.join('');
}

const ALPHABETS = [
  [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'],
  ['"', ',', ';', '\t', '\\', "'", '|', ' ', '%', '_', '$', '{', '}', '<', '>', '\\N', 'NULL'],
  [
    '\u0001',
    '\u0002',
    '\u0008',
    '\u000b',
    '\u000c',
    '\u001f',
    '\u007f',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u2029',
    '\u200b',
    '\ufeff',
    '\uffff',
  ],
  ['é', 'ß', 'İ', 'ı', 'ǆ', '東', '京', 'ع', '€', '\u0301', '😀', '𝒳', '👩‍👩‍👧', '\u{10ffff}'],
];

function someText(random: Random, length: number): string {
  const alphabet = random.chance(0.5) ? ALPHABETS[0] : random.pick(ALPHABETS);
  return Array.from({ length }, () => random.pick(random.chance(0.2) ? random.pick(ALPHABETS) : alphabet)).join('');
}

const two = (number: number): string => String(number).padStart(2, '0');

const someDay = (random: Random): string => {
  const instant = new Date(Date.UTC(2000, 0, 1));
  instant.setUTCFullYear(
    random.chance(0.8) ? random.from(1970, 2040) : random.from(2, 9_998),
    random.below(12),
    random.from(1, 28),
  );
  return instant.toISOString().slice(0, 10);
};

const extremeDay = (random: Random): string => {
  const year = random.pick([
    '0000',
    '0001',
    '0004',
    '1500',
    '1582',
    '1900',
    '1970',
    '2000',
    '2023',
    '2024',
    '9999',
    '10000',
    '-001',
  ]);
  return `${year}-${random.pick(['00', '01', '02', '02', '04', '10', '12', '13', '1'])}-${random.pick(['00', '01', '28', '29', '30', '31', '32', '5'])}`;
};
