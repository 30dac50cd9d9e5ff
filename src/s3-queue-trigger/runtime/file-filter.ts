import { ARRIVALS_ENV } from '../contract';

/** Which objects of the landing bucket are files to load. */
export interface FileFilter {
  readonly prefix: string;
  readonly suffixes: string[];
  /** Bytes. */
  readonly minFileSize: number;
  readonly maxFileSize: number;
}

export function fileFilter(): FileFilter {
  return {
    prefix: process.env[ARRIVALS_ENV.prefix] ?? '',
    suffixes: JSON.parse(process.env[ARRIVALS_ENV.suffixes] ?? '[]') as string[],
    minFileSize: Number(process.env[ARRIVALS_ENV.minFileSize] ?? 0),
    maxFileSize: Number(process.env[ARRIVALS_ENV.maxFileSize] ?? Infinity),
  };
}
