import { readAll, readFrom, StoredObject } from './object-bytes';
import { LINE_FEED } from './row-judge';
import type { RowScanner } from './row-scanner';
import { MAX_LINE_BYTES } from '../../../../dataset/contract';

/** Lines are judged when about so many bytes have come. */
const BLOCK_BYTES = 1024 * 1024;

/** Bytes of a plain file: the lines that begin there. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface PartHooks {
  readonly signal: AbortSignal;
  /** Hears how many bytes have been judged since it was last called. */
  progress?(bytes: number): void;
  /** Writes what the scanner's listener has gathered. */
  flush?(): Promise<void>;
}

/**
 * Gives a scanner the lines of an object, or of a range of it. Memory does not grow with the object, nor with its
 * lines.
 */
export async function scanPart(
  object: StoredObject,
  range: ByteRange | undefined,
  scanner: RowScanner,
  hooks: PartHooks,
): Promise<void> {
  // the byte before the range tells whether a line begins with the range
  const from = range ? Math.max(0, range.start - 1) : 0;
  const source = range ? readFrom(object, from, range.end, hooks.signal) : readAll(object, hooks.signal);
  const blocks = new Blocks(scanner, capacityFor(object), from, range?.end ?? Infinity, from < (range?.start ?? 0));
  for await (const bytes of source) {
    for (let start = 0; start < bytes.length && !blocks.done;) {
      start += blocks.add(bytes, start);
      if (!blocks.full) continue;
      hooks.progress?.(blocks.judge(false));
      await hooks.flush?.();
    }
    if (blocks.done) break;
  }
  hooks.progress?.(blocks.judge(true));
  await hooks.flush?.();
}

/** Small objects get by with less than a block. */
function capacityFor({ gzip, bytes }: StoredObject): number {
  return Math.min(BLOCK_BYTES, gzip ? Math.max(64 * 1024, bytes * 4) : bytes) + 2;
}

/** Gathers bytes until there are enough lines to judge. */
class Blocks {
  done = false;
  private bytes: Buffer;
  private length = 0;
  /** How long the block is to become before it is judged. */
  private wanted = BLOCK_BYTES;

  /**
   * @param position of the first byte in the object
   * @param end lines that begin there or behind belong to others
   * @param skipping the bytes up to the first LF belong to others
   */
  constructor(
    private readonly scanner: RowScanner,
    capacity: number,
    private position: number,
    private readonly end: number,
    private skipping: boolean,
  ) {
    this.bytes = Buffer.allocUnsafe(capacity);
  }

  get full(): boolean {
    return this.length >= this.wanted || this.position + this.length >= this.end;
  }

  /** Takes bytes from `start` on; returns how many. */
  add(source: Buffer, start: number): number {
    // behind the range only its last line is of interest: no more than a little at a time
    const room = Math.max(1, this.wanted - this.length);
    const taken = Math.min(room, source.length - start);
    if (this.length + taken >= this.bytes.length) this.grow(this.length + taken + 1);
    source.copy(this.bytes, this.length, start, start + taken);
    this.length += taken;
    return taken;
  }

  /** Judges what lines there are; returns for how many bytes that was done. */
  judge(last: boolean): number {
    const before = this.position;
    if (this.skipping) this.skip();
    if (last && !this.done && this.length > 0 && !this.skipping && this.bytes[this.length - 1] !== LINE_FEED) {
      this.bytes[this.length++] = LINE_FEED; // an end of the file without LF ends a line too
    }
    if (!this.done && !this.skipping) this.judgeLines(last);
    return this.position - before;
  }

  private judgeLines(last: boolean): void {
    const end = this.endOfLines();
    const judged = end > 0 ? this.scanner.scan(this.bytes, end, last || this.done) : 0;
    this.drop(judged);
    if (this.scanner.stopped) this.done = true;
    if (end === 0 && this.length > MAX_LINE_BYTES) {
      this.scanner.tooLongLine(this.bytes.subarray(0, this.length));
      this.skipping = true;
      this.skip();
    }
    this.wanted = Math.max(BLOCK_BYTES, this.length + BLOCK_BYTES / 2);
  }

  /** Where the last whole line ends that belongs to the part; 0 if there is none yet. */
  private endOfLines(): number {
    const lastOwn = this.end - this.position - 1;
    if (lastOwn < this.length) {
      const lineFeed = this.bytes.subarray(0, this.length).indexOf(LINE_FEED, Math.max(0, lastOwn));
      if (lineFeed >= 0) {
        this.done = true;
        return lineFeed + 1;
      }
    }
    return this.bytes.subarray(0, this.length).lastIndexOf(LINE_FEED) + 1;
  }

  private skip(): void {
    const lineFeed = this.bytes.subarray(0, this.length).indexOf(LINE_FEED);
    this.skipping = lineFeed < 0;
    this.drop(this.skipping ? this.length : lineFeed + 1);
    if (this.position >= this.end) this.done = true;
  }

  private drop(bytes: number): void {
    this.bytes.copyWithin(0, bytes, this.length);
    this.length -= bytes;
    this.position += bytes;
  }

  private grow(length: number): void {
    const bytes = Buffer.allocUnsafe(Math.max(length, this.bytes.length * 2));
    this.bytes.copy(bytes, 0, 0, this.length);
    this.bytes = bytes;
  }
}
