import type { LedgerFile } from '../../file-ledger/contract';
import { FILES_PER_CHUNK } from '../contract';

/** Largest object that CopyObject copies: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export const LARGEST_COPY_BYTES = 5 * 1024 ** 3;

/** With CopyObject at 100 MB a second or more for each of 32 files at once, well within ten minutes. */
const CHUNK_BYTES = 20 * 1024 ** 3;

/** Files that are staged together, by their places in the run's list. */
export interface Chunk {
  readonly first: number;
  readonly files: LedgerFile[];
}

/**
 * Divides a run's files into chunks, always in the same way. A file that is copied in parts has a chunk of its own: it
 * may take several calls, and what is beside it would be copied again in each.
 */
export function chunksOf(files: LedgerFile[]): Chunk[] {
  const chunks: Chunk[] = [];
  let first = 0;
  let bytes = 0;
  const cut = (end: number) => {
    if (end > first) chunks.push({ first, files: files.slice(first, end) });
    first = end;
    bytes = 0;
  };
  files.forEach(({ size }, index) => {
    if (index - first >= FILES_PER_CHUNK || bytes + size > CHUNK_BYTES || size > LARGEST_COPY_BYTES) cut(index);
    bytes += size;
    if (size > LARGEST_COPY_BYTES) cut(index + 1);
  });
  cut(files.length);
  return chunks;
}
