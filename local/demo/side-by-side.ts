import type { Row, RowPair } from './compare';
import { printable } from './narrator';

/** Rows shown at most; the report has all of them. */
const MOST_ROWS = 20;

/** One row of a table, or one key of two tables: each column's line, with a cell for each table. */
interface Block {
  readonly cells: (Row | undefined)[];
  readonly differences: string[];
}

/** Shows what both targets hold, a block for each row, fitted to the terminal; a difference is marked. */
export function sideBySide(
  columns: string[],
  pairs: RowPair[],
  titles: { dynamodb: string; redshift: string },
  width: number,
): string {
  const differing = pairs.filter(pair => pair.differences.length > 0);
  const shown = [...differing, ...pairs.filter(pair => pair.differences.length === 0)]
    .slice(0, MOST_ROWS)
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ dynamodb, redshift, differences }) => ({ cells: [dynamodb, redshift], differences }));
  return [...table(columns, shown, [titles.dynamodb, titles.redshift], width), ...andMore(pairs)].join('\n');
}

/** Shows what one target holds. */
export function oneTarget(columns: string[], rows: Row[], title: string, width: number): string {
  const shown = rows.slice(0, MOST_ROWS).map(row => ({ cells: [row], differences: [] }));
  return [...table(columns, shown, [title], width), ...andMore(rows)].join('\n');
}

function andMore(rows: unknown[]): string[] {
  return rows.length > MOST_ROWS
    ? [`… and ${rows.length - MOST_ROWS} more rows; --report FILE writes all of them.`]
    : [];
}

function table(columns: string[], blocks: Block[], titles: string[], width: number): string[] {
  const nameWidth = Math.max(...columns.map(name => name.length));
  const values = blocks.flatMap(({ cells }) => cells.flatMap(row => columns.map(name => valueText(row, name))));
  const widest = Math.max(...[...titles, ...values].map(text => [...text].length));
  const gaps = 2 + 2 * titles.length;
  const valueWidth = Math.max(10, Math.min(widest, Math.floor((width - nameWidth - gaps) / titles.length)));

  const line = (mark: string, name: string, cells: string[]) =>
    `${mark} ${fit(name, nameWidth)}  ${cells.map(cell => fit(cell, valueWidth)).join('  ')}`.trimEnd();
  const rule = '─'.repeat(nameWidth + titles.length * valueWidth + gaps);
  return [
    line(' ', '', titles),
    rule,
    ...blocks.flatMap(({ cells, differences }) => [
      ...columns.map(name =>
        line(
          differences.includes(name) ? '≠' : ' ',
          name,
          cells.map(row => valueText(row, name)),
        ),
      ),
      rule,
    ]),
  ];
}

function valueText(row: Row | undefined, name: string): string {
  if (!row) return '(no such row)';
  return row[name] === null ? 'null' : printable(row[name].replaceAll('\n', '\\n'));
}

function fit(text: string, width: number): string {
  const characters = [...text];
  return characters.length > width
    ? `${characters.slice(0, width - 1).join('')}…`
    : text + ' '.repeat(width - characters.length);
}
