import { Cursor, isWord, TableName } from './cursor';
import { notEmulated, RedshiftError } from './redshift-error';

/** A COPY of CSV by a manifest, which is what the stand-in does. */
export interface CopyStatement {
  readonly table: TableName;
  /** All of the table's columns if absent. */
  readonly columns?: string[];
  readonly bucket: string;
  readonly manifestKey: string;
  readonly role: string;
  readonly delimiter: string;
  readonly gzip: boolean;
  /** Fields with this text are loaded as NULL. */
  readonly nullAs: string;
  readonly ignoreHeader: number;
  readonly ignoreBlankLines: boolean;
  readonly maxError: number;
}

type OptionKind = 'flag' | 'string' | 'integer' | 'word';
const OPTIONS: Record<string, OptionKind> = {
  manifest: 'flag',
  gzip: 'flag',
  ignoreblanklines: 'flag',
  ignoreheader: 'integer',
  maxerror: 'integer',
  delimiter: 'string',
  null: 'string',
  region: 'string',
  compupdate: 'word',
  statupdate: 'word',
};
const OPTIONS_NOT_EMULATED = [
  'bzip2',
  'lzop',
  'zstd',
  'quote',
  'dateformat',
  'timeformat',
  'encoding',
  'acceptinvchars',
  'acceptanydate',
  'blanksasnull',
  'emptyasnull',
  'fillrecord',
  'trimblanks',
  'truncatecolumns',
  'escape',
  'removequotes',
  'roundec',
  'explicit_ids',
  'comprows',
  'noload',
  'readratio',
  'credentials',
  'access_key_id',
  'secret_access_key',
  'session_token',
];
const FORMATS = ['csv', 'json', 'parquet', 'orc', 'avro'];

const MAX_ERROR = 100_000;

/** COPY, from behind that word on. */
export function parseCopy(cursor: Cursor): CopyStatement {
  const table = cursor.table();
  const columns = cursor.next?.value === '(' ? cursor.names() : undefined;
  cursor.word('from');
  if (isWord(cursor.next, 'stdin')) throw new RedshiftError('0A000', 'COPY from STDIN is not supported');
  const url = cursor.string();
  const [, bucket, manifestKey] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  if (!bucket) throw new RedshiftError('XX000', `Invalid S3 location '${url}'`);
  const options = readOptions(cursor);
  if (!options.role) throw new RedshiftError('XX000', 'COPY requires credentials: specify IAM_ROLE or CREDENTIALS');
  if (Number(options.maxerror ?? 0) > MAX_ERROR) {
    throw new RedshiftError('XX000', `MAXERROR must be between 0 and ${MAX_ERROR}`);
  }
  if (options.format !== 'csv' || options.manifest === undefined) {
    throw notEmulated('COPY other than FORMAT CSV with a MANIFEST');
  }
  return {
    table,
    columns,
    bucket,
    manifestKey,
    role: options.role,
    delimiter: options.delimiter ?? ',',
    gzip: options.gzip !== undefined,
    nullAs: options.null ?? '\\N',
    ignoreHeader: Number(options.ignoreheader ?? 0),
    ignoreBlankLines: options.ignoreblanklines !== undefined,
    maxError: Number(options.maxerror ?? 0),
  };
}

function readOptions(cursor: Cursor): Partial<Record<string, string>> {
  const options: Partial<Record<string, string>> = {};
  while (cursor.next) {
    const start = cursor.position;
    const name = cursor.name();
    const key = FORMATS.includes(name) ? 'format' : name === 'iam_role' ? 'role' : name;
    if (key in options) throw new RedshiftError('42601', 'conflicting or redundant options');
    if (key === 'role') {
      options.role = role(cursor);
    } else if (name === 'format') {
      cursor.tryWord('as');
      options.format = format(cursor, cursor.word(...FORMATS));
    } else if (key === 'format') {
      options.format = format(cursor, name);
    } else if (name in OPTIONS) {
      options[name] = value(cursor, OPTIONS[name]);
    } else if (OPTIONS_NOT_EMULATED.includes(name)) {
      throw notEmulated(`COPY … ${name.toUpperCase()}`);
    } else {
      cursor.position = start;
      cursor.fail();
    }
  }
  return options;
}

function format(cursor: Cursor, name: string): string {
  if (name === 'csv' && isWord(cursor.next, 'quote')) throw notEmulated('COPY … CSV QUOTE');
  if (name !== 'csv') throw notEmulated(`COPY … FORMAT ${name.toUpperCase()}`);
  return name;
}

function value(cursor: Cursor, kind: OptionKind): string {
  if (kind === 'flag') return '';
  cursor.tryWord('as');
  if (kind === 'string') return cursor.string();
  return kind === 'integer' ? String(cursor.integer()) : cursor.name();
}

function role(cursor: Cursor): string {
  if (cursor.tryWord('default')) return 'default';
  const arn = cursor.string();
  if (!/^arn:[\w-]+:iam::[0-9]{12}:role\/[^,]+$/.test(arn)) {
    throw new RedshiftError('XX000', `Invalid IAM_ROLE '${arn}'`);
  }
  return arn;
}
