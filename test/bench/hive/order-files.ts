import { closeSync, mkdirSync, openSync, writeSync } from 'fs';
import * as path from 'path';

const FILES = 4;

/**
 * Writes orders of examples/orders as CSV, the same ones every time: valid, with keys of their own, every tenth with
 * quotes. Returns their bytes.
 */
export function writeOrderFiles(folder: string, rows: number): number {
  mkdirSync(folder, { recursive: true });
  let bytes = 0;
  for (let file = 0; file < FILES; file++) {
    const descriptor = openSync(path.join(folder, `part-${String(file).padStart(5, '0')}.csv`), 'w');
    bytes += writeSync(descriptor, 'order_id,customer,status,quantity,amount,gift,ordered_on,updated_at,note\n');
    let lines: string[] = [];
    for (let row = file; row < rows; row += FILES) {
      lines.push(order(row));
      if (lines.length === 5_000 || row + FILES >= rows) {
        bytes += writeSync(descriptor, `${lines.join('\n')}\n`);
        lines = [];
      }
    }
    closeSync(descriptor);
  }
  return bytes;
}

const STATUSES = ['new', 'paid', 'shipped', 'returned'];

function order(row: number): string {
  const pick = scramble(row); // so that no column grows with the key
  const day = new Date(Date.UTC(2026, 0, 1) + (pick % 365) * 86_400_000).toISOString().slice(0, 10);
  const time = `${two(pick % 24)}:${two(pick % 60)}:${two(pick % 59)}`;
  const note =
    row % 10 === 0 ? `"left at the door, ""${pick % 1_000}"""` : row % 3 === 0 ? '' : `note ${pick % 100_000}`;
  return [
    `order-${String(row).padStart(10, '0')}`,
    `customer-${pick % 50_000}`,
    STATUSES[pick % 4],
    pick % 20,
    `${pick % 2_000}.${two(pick % 100)}`,
    pick % 2 === 0,
    day,
    `${day}T${time}${row % 2 === 0 ? 'Z' : '+02:00'}`,
    note,
  ].join(',');
}

const two = (number: number): string => String(number).padStart(2, '0');

/** A number that looks random, the same one for the same row: multiples of a prime, modulo a greater one. */
const scramble = (row: number): number => ((row + 1) * 1_664_525) % 2_147_483_647;
