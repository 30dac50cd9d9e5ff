import type { Row, RowPair } from './compare';
import { printable } from './narrator';
import type { DatasetDefinition } from '../../src/dataset/contract';

/** Rows shown at most; the report has all of them. */
const MOST_ROWS = 20;

/** Shows what both targets hold, a block for each row, fitted to the terminal; a difference is marked. */
export function sideBySide(
  dataset: DatasetDefinition,
  pairs: RowPair[],
  titles: { dynamodb: string; redshift: string },
  width: number,
): string {
  const differing = pairs.filter(pair => pair.differences.length > 0);
  const shown = [...differing, ...pairs.filter(pair => pair.differences.length === 0)]
    .slice(0, MOST_ROWS)
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const names = dataset.columns.map(column => column.name);
  const nameWidth = Math.max(...names.map(name => name.length));
  const values = shown.flatMap(pair =>
    names.flatMap(name => [valueText(pair.dynamodb, name), valueText(pair.redshift, name)]),
  );
  const widest = Math.max(...[titles.dynamodb, titles.redshift, ...values].map(text => [...text].length));
  const valueWidth = Math.max(10, Math.min(widest, Math.floor((width - nameWidth - 6) / 2)));

  const line = (mark: string, name: string, left: string, right: string) =>
    `${mark} ${fit(name, nameWidth)}  ${fit(left, valueWidth)}  ${fit(right, valueWidth).trimEnd()}`;
  const rule = '─'.repeat(nameWidth + 2 * valueWidth + 6);
  const blocks = shown.map(pair =>
    names.map(name =>
      line(
        pair.differences.includes(name) ? '≠' : ' ',
        name,
        valueText(pair.dynamodb, name),
        valueText(pair.redshift, name),
      ),
    ),
  );
  const lines = [line(' ', '', titles.dynamodb, titles.redshift), rule, ...blocks.flatMap(block => [...block, rule])];
  if (pairs.length > shown.length) {
    lines.push(`… and ${pairs.length - shown.length} more rows; --report FILE writes all of them.`);
  }
  return lines.join('\n');
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
