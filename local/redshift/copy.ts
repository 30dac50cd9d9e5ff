import type { Readable } from 'stream';
import { GetObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { Client } from 'pg';
import type { CopyStatement } from './copy-statement';
import { CsvRecord, readRecords } from './csv-records';
import { quote } from './cursor';
import { detailBlock, notEmulated, RedshiftError } from './redshift-error';

/** A row that COPY leaves out, as SYS_LOAD_ERROR_DETAIL shows it. */
export interface LoadError {
  readonly file: string;
  readonly line: number;
  readonly column: string;
  readonly code: number;
  readonly message: string;
}

export interface CopyEnvironment {
  readonly backend: Client;
  readonly s3: S3Client;
  /** Roles that are associated with the warehouse; any role is if absent. */
  readonly roles?: readonly string[];
  readonly queryId: number;
  /** Rows that are refused for no reason that a reader of the file could see. */
  readonly refuses?: RegExp;
  /** Told of rows as they are loaded. */
  readonly onRows: (rows: number) => void;
}

interface Column {
  readonly name: string;
  readonly bytes: number;
}

const ROWS_PER_INSERT = 2_000;
const BYTES_PER_INSERT = 8_000_000;

/** Runs COPY. `errors` collects the rows that it leaves out; returns how many it loaded. */
export async function copy(
  statement: CopyStatement,
  environment: CopyEnvironment,
  errors: LoadError[],
): Promise<number> {
  const { role } = statement;
  if (role !== 'default' && environment.roles && !environment.roles.includes(role)) {
    const message = `User arn:aws:redshift:us-east-1:123456789012:dbuser:stand-in is not authorized to assume IAM Role ${role}`;
    throw new RedshiftError('XX000', message, detailBlock(message, 8001, `IAM Role=${role}`, environment.queryId));
  }
  const columns = await targetColumns(statement, environment.backend);
  let loaded = 0;
  for (const { url, mandatory } of await readManifest(statement, environment)) {
    const object = await open(url, mandatory, environment);
    if (object) loaded += await copyObject(url, object, statement, columns, environment, errors);
  }
  return loaded;
}

async function targetColumns({ table, columns }: CopyStatement, backend: Client): Promise<Column[]> {
  const { rows } = await backend.query<{ attname: string; typname: string; bytes: string; attidentity: string }>(
    `SELECT a.attname, t.typname, a.atttypmod - 4 AS bytes, a.attidentity FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [table.sql],
  );
  if (rows.length === 0) throw new RedshiftError('XX000', `Cannot COPY into nonexistent table ${table.name}`);
  const wanted = columns ?? rows.filter(row => row.attidentity === '').map(row => row.attname);
  return wanted.map(name => {
    const row = rows.find(({ attname }) => attname === name);
    if (!row) throw new RedshiftError('42703', `column "${name}" of relation "${table.name}" does not exist`);
    if (row.typname !== 'varchar') throw notEmulated(`COPY into a column that is no VARCHAR (${name})`);
    return { name, bytes: Number(row.bytes) };
  });
}

interface ManifestEntry {
  readonly url: string;
  readonly mandatory: boolean;
}

async function readManifest(
  { bucket, manifestKey }: CopyStatement,
  environment: CopyEnvironment,
): Promise<ManifestEntry[]> {
  const url = `s3://${bucket}/${manifestKey}`;
  let text: string;
  try {
    const { Body } = await environment.s3.send(new GetObjectCommand({ Bucket: bucket, Key: manifestKey }));
    text = await Body!.transformToString();
  } catch (error) {
    throw s3Error(error, 'Problem reading manifest file - ', url, environment.queryId);
  }
  const manifest = JSON.parse(text) as { entries?: { url: string; mandatory?: boolean }[] };
  if (!manifest.entries?.length) {
    throw new RedshiftError('XX000', `Manifest file is not in correct json format or has no entries: ${url}`);
  }
  return manifest.entries.map(entry => ({ url: entry.url, mandatory: entry.mandatory === true }));
}

async function open(url: string, mandatory: boolean, environment: CopyEnvironment): Promise<Readable | undefined> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  try {
    const { Body } = await environment.s3.send(new GetObjectCommand({ Bucket, Key }));
    return Body as Readable;
  } catch (error) {
    if (!mandatory && error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
    throw s3Error(error, '', url, environment.queryId);
  }
}

function s3Error(error: unknown, prefix: string, url: string, queryId: number): RedshiftError {
  if (!(error instanceof S3ServiceException)) throw error;
  const status = error.$metadata.httpStatusCode;
  const what = status === 404 ? 'The specified key does not exist.' : status === 403 ? 'Access Denied' : error.message;
  const message = `${prefix}S3ServiceException:${what},Status ${status},Error ${error.name},Rid STANDIN,ExtRid STANDIN,CanRetry 1`;
  return new RedshiftError('XX000', message, detailBlock(message, 8001, `S3 key being read : ${url}`, queryId));
}

async function copyObject(
  url: string,
  object: Readable,
  statement: CopyStatement,
  columns: Column[],
  environment: CopyEnvironment,
  errors: LoadError[],
): Promise<number> {
  let loaded = 0;
  let batch: (string | null)[][] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await insert(environment.backend, statement, columns, batch);
    loaded += batch.length;
    environment.onRows(batch.length);
    batch = [];
    bytes = 0;
  };
  try {
    for await (const record of readRecords(object, statement)) {
      const row = readRow(record, columns, statement.nullAs, environment.refuses);
      if ('code' in row) {
        errors.push({ file: url, line: record.line, ...row });
        if (errors.length >= Math.max(1, statement.maxError)) {
          throw new RedshiftError(
            'XX000',
            `Load into table '${statement.table.name}' failed.  Check 'sys_load_error_detail' system table for ` +
              'details.',
          );
        }
      } else {
        batch.push(row);
        bytes += record.raw.length;
        if (batch.length >= ROWS_PER_INSERT || bytes >= BYTES_PER_INSERT) await flush();
      }
    }
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
    throw new RedshiftError(
      'XX000',
      `${url}: inflate failed`,
      detailBlock((error as Error).message, 9, url, environment.queryId),
    );
  }
  await flush();
  return loaded;
}

// https://docs.aws.amazon.com/redshift/latest/dg/r_Load_Error_Reference.html
function readRow(
  { fields, raw }: CsvRecord,
  columns: Column[],
  nullAs: string,
  refuses?: RegExp,
): (string | null)[] | Omit<LoadError, 'file' | 'line'> {
  if (!fields) return { code: 1214, message: 'Invalid quote formatting for CSV', column: '' };
  if (fields.length > columns.length) return { code: 1202, message: 'Extra column(s) found', column: '' };
  if (fields.length < columns.length) {
    return { code: 1214, message: 'Delimiter not found', column: columns[fields.length - 1].name };
  }
  if (refuses?.test(raw)) return { code: 1200, message: 'Unknown parse error', column: '' };
  const values: (string | null)[] = [];
  for (const [index, field] of fields.entries()) {
    const column = columns[index].name;
    if (field.length > columns[index].bytes) return { code: 1204, message: 'String length exceeds DDL length', column };
    const value = decode(field);
    if (value === undefined) {
      return {
        code: 1220,
        message: 'String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence',
        column,
      };
    }
    if (value.includes('\0')) throw notEmulated('the character NUL in a VARCHAR');
    values.push(value === nullAs ? null : value);
  }
  return values;
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(latin1: string): string | undefined {
  // eslint-disable-next-line no-control-regex
  if (/^[\0-\x7f]*$/.test(latin1)) return latin1;
  try {
    return UTF_8.decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return undefined;
  }
}

async function insert(
  backend: Client,
  { table }: CopyStatement,
  columns: Column[],
  rows: (string | null)[][],
): Promise<void> {
  const arrays = columns.map((_, index) => rows.map(row => row[index]));
  await backend.query(
    `INSERT INTO ${table.sql} (${columns.map(column => quote(column.name)).join(', ')})
    SELECT * FROM unnest(${columns.map((_, index) => `$${index + 1}::text[]`).join(', ')})`,
    arrays,
  );
}
