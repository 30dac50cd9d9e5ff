import { constants, createGunzip } from 'zlib';

export interface GunzipStart {
  /** The first bytes of what was compressed. */
  readonly bytes: Buffer;
  /** They are all of it. */
  readonly whole: boolean;
  readonly problem?: string;
}

export function isGzip(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses the first block of a gzip file, as much as `limit` bytes. The block may end anywhere, unless it is the
 * whole file: then it is read to the end, with its checksum. Streams, for a block of 64 KB may hold 64 MB.
 */
export async function gunzipStart(block: Buffer, whole: boolean, limit: number): Promise<GunzipStart> {
  const gunzip = createGunzip({ finishFlush: whole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH });
  const kept: Buffer[] = [];
  let length = 0;
  gunzip.end(block);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      if (length < limit) kept.push(chunk);
      length += chunk.length;
      if (length >= limit && !whole) break;
    }
  } catch (error) {
    return { bytes: Buffer.alloc(0), whole: false, problem: (error as Error).message };
  }
  return { bytes: Buffer.concat(kept).subarray(0, limit), whole: whole && length <= limit };
}
