import * as fs from 'fs';
import * as path from 'path';
import { UsageError } from './options';

/** A file to upload: where it comes from, and its key below the prefix. */
export interface InputFile {
  readonly file: string;
  readonly key: string;
  /** Compressed on its way. */
  readonly gzip?: boolean;
  /** What there is to see in it. */
  readonly about?: string;
}

/** S3's limit is 1,024 bytes of UTF-8, and the prefix needs some of them. */
const MAX_PATH_BYTES = 1000;

/** Its event is sent to the queue a second time. */
export const DUPLICATED_EVENT_KEY = '2026-11-02-web.csv';

/** The demo's own story, in the order of upload: the update of order 1001 comes after the order. */
export function sampleFiles(): InputFile[] {
  const sample = (name: string, about: string) => ({
    file: path.join(__dirname, 'sample-data', name),
    key: name,
    about,
  });
  const shop = sample('2026-11-03-shop.csv', 'compressed');
  return [
    sample(DUPLICATED_EVENT_KEY, 'its event will come twice'),
    { ...shop, key: `${shop.key}.gz`, gzip: true }, // plain in the tree, so that people can read it
    sample('2026-11-04-bad-row.csv', 'one of its rows is bad'),
    sample('2026-11-05-bad-file.csv', 'a file of something else'),
    sample('2026-11-06 update + returns.csv', 'order 1001 again, newer'),
  ];
}

/**
 * Every file below a folder, sorted by path: they are uploaded in this order.
 * @throws UsageError if there is none, or a name that cannot be an object's key
 */
export function filesOf(folder: string): InputFile[] {
  const files = filesBelow(folder, '', []);
  if (files.length === 0) throw new UsageError(`--input: there is no file in ${folder}`);
  for (const { key } of files) {
    const bytes = Buffer.byteLength(key);
    if (bytes > MAX_PATH_BYTES) {
      throw new UsageError(`--input: ${key} is ${bytes} bytes long, and ${MAX_PATH_BYTES} fit into an object's key`);
    }
  }
  return files.sort((one, other) => (one.key < other.key ? -1 : 1));
}

function filesBelow(folder: string, relative: string, above: string[]): InputFile[] {
  const real = fs.realpathSync(folder);
  if (above.includes(real)) return []; // a symbolic link to a folder that it is in
  return fs.readdirSync(folder).flatMap(name => {
    const file = path.join(folder, name);
    const key = relative === '' ? name : `${relative}/${name}`;
    if (name.includes('\ufffd')) {
      throw new UsageError(`--input: the name ${file} is not UTF-8, and so cannot be an object's key`);
    }
    const found = fs.statSync(file, { throwIfNoEntry: false });
    if (found?.isDirectory()) return filesBelow(file, key, [...above, real]);
    if (found?.isFile()) return [{ file, key }];
    throw new UsageError(`--input: ${file} is neither a file nor a folder`);
  });
}
