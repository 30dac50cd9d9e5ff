import { setTimeout as pause } from 'timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { literal } from './quoting';
import { MAX_VALUE_BYTES } from '../../../../dataset/contract';
import { stepFolder } from '../../../../etl-step/contract';
import { s3 } from '../../../../runtime/clients/s3';
import { DataError, TransientError } from '../../../../runtime/errors';
import type { LoaderInput } from '../../../contract';
import type { Log } from '../log';
import type { CopySource } from '../scan/copy-sources';
import type { TextForms } from '../scan/text-forms';
import type { Session } from '../session';

// COPY into a temporary table of texts: it reads S3 on all slices at once. Types come later, in SQL.

/** The most errors that Redshift lets a COPY overlook. How many are too many is the loader's to decide. */
const MAX_ERROR = 100_000;

/** How long the error view may take to show what COPY has announced. */
const ERROR_VIEW_POLLS = 60;
const ERROR_VIEW_PAUSE_MILLISECONDS = 1_000;

/** A row that COPY did not take, though the loader found nothing wrong with it. */
export interface RefusedRow {
  readonly source: CopySource;
  /** Number of its line in the source, from 1. */
  readonly line: number;
  readonly reason: string;
}

export interface CopiedRows {
  readonly loaded: number;
  readonly refused: RefusedRow[];
}

/** Name of the staged column for the dataset's column at this index. */
export const stagedColumn = (index: number): string => `c${index + 1}`;

/**
 * The temporary table for COPY. Its columns are as wide as the texts are: processing takes room for the widths, not for
 * the texts. https://docs.aws.amazon.com/redshift/latest/dg/c_best-practices-smallest-column-size.html
 */
export function createStagedRows(table: string, forms: TextForms): string {
  const last = forms.columns.length - 1;
  const columns = forms.columns.map(({ maxBytes }, index) => {
    const bytes = maxBytes + (forms.carriageReturns && index === last ? 1 : 0); // the CR of CRLF may come along
    return `${stagedColumn(index)} VARCHAR(${Math.min(MAX_VALUE_BYTES, Math.max(1, bytes))})`;
  });
  return `CREATE TEMP TABLE ${table} (${columns.join(', ')})`;
}

/** Copies the sources into the table. */
export async function copySources(
  session: Session,
  input: LoaderInput,
  table: string,
  sources: CopySource[],
  log: Log,
): Promise<CopiedRows> {
  let loaded = 0;
  const refused: RefusedRow[] = [];
  // the options of a COPY hold for all of its files
  for (const [name, batch] of batches(sources)) {
    log('copying', { files: batch.length, bytes: batch.reduce((sum, { bytes }) => sum + bytes, 0), batch: name });
    const copied = await copyBatch(session, input, table, name, batch);
    log('files copied', { files: batch.length, batch: name, rows: copied.loaded, refused: copied.refused.length });
    loaded += copied.loaded;
    refused.push(...copied.refused);
  }
  return { loaded, refused };
}

function batches(sources: CopySource[]): Map<string, CopySource[]> {
  const byOptions = new Map<string, CopySource[]>();
  for (const source of sources) {
    const name = `${source.gzip ? 'gzip' : 'plain'}${source.header ? '-header' : ''}`;
    const batch = byOptions.get(name);
    if (batch) batch.push(source);
    else byOptions.set(name, [source]);
  }
  return byOptions;
}

async function copyBatch(
  session: Session,
  input: LoaderInput,
  table: string,
  name: string,
  batch: CopySource[],
): Promise<CopiedRows> {
  const manifest = await writeManifest(input, name, batch);
  let notices: string[];
  try {
    ({ notices } = await session.query(copyStatement(input, table, manifest, batch[0])));
  } catch (error) {
    // Load into table '…' failed.  Check 'sys_load_error_detail' system table for details.
    if (error instanceof Error && /Load into table .* failed/.test(error.message)) {
      throw await tooManyErrors(session, input, batch, error);
    }
    throw error;
  }
  const loaded = Number(await session.value('SELECT pg_last_copy_count()'));
  const announced = notices
    .map(notice => /, ([0-9]+) record\(s\) could not be loaded/.exec(notice)?.[1])
    .find(count => count !== undefined);
  return { loaded, refused: await refusedRows(session, input, batch, Number(announced ?? 0)) };
}

async function writeManifest(input: LoaderInput, name: string, batch: CopySource[]): Promise<string> {
  const key = `${stepFolder(input.runId, input.stepId)}manifest-${name}.json`;
  // `mandatory` is false by default: COPY would pass over a missing file without a word
  const entries = batch.map(source => ({
    url: urlOf(input, source),
    mandatory: true,
    meta: { content_length: source.bytes },
  }));
  await s3().send(
    new PutObjectCommand({
      Bucket: input.workBucket,
      Key: key,
      Body: JSON.stringify({ entries }),
      ContentType: 'application/json',
    }),
  );
  return `s3://${input.workBucket}/${key}`;
}

export const urlOf = ({ workBucket }: LoaderInput, { key }: CopySource): string => `s3://${workBucket}/${key}`;

function copyStatement(
  { dataset, warehouse }: LoaderInput,
  table: string,
  manifest: string,
  { gzip, header }: CopySource,
): string {
  return [
    `COPY ${table} FROM ${literal(manifest)} IAM_ROLE ${literal(warehouse.copyRoleArn)} MANIFEST REGION ` +
      `${literal(warehouse.region)}`,
    `FORMAT AS CSV DELIMITER ${literal(dataset.format.delimiter)}`,
    "NULL AS ''", // in place of the default: the text \N is a value like any other
    ...(header ? ['IGNOREHEADER 1'] : []),
    ...(gzip ? ['GZIP'] : []),
    `IGNOREBLANKLINES MAXERROR ${MAX_ERROR} COMPUPDATE OFF STATUPDATE OFF`,
  ].join(' ');
}

/** The rows that the last COPY did not take; `announced` is how many it said they are. */
async function refusedRows(
  session: Session,
  input: LoaderInput,
  batch: CopySource[],
  announced: number,
): Promise<RefusedRow[]> {
  if (announced === 0) return [];
  const byUrl = new Map(batch.map(source => [urlOf(input, source), source]));
  const copy = await session.value('SELECT pg_last_copy_id()');
  for (let poll = 0; ; poll++) {
    const { rows } = await session.query(
      'SELECT file_name, line_number, column_name, error_message FROM sys_load_error_detail ' +
        `WHERE query_id = ${copy} ORDER BY file_name, line_number`,
    );
    if (rows.length >= announced) {
      return rows.map(([url, line, column, message]) => {
        const source = byUrl.get(url!.trim());
        if (!source) throw new Error(`COPY reported an error in ${url}, which is not in its manifest.`);
        return { source, line: Number(line), reason: reasonOf(input, column?.trim() ?? '', message!.trim()) };
      });
    }
    if (poll >= ERROR_VIEW_POLLS) {
      throw new TransientError(
        `Run ${input.runId}: COPY left out ${announced} rows, but sys_load_error_detail shows only ` +
          `${rows.length} of them.`,
      );
    }
    await pause(ERROR_VIEW_PAUSE_MILLISECONDS);
  }
}

/** Names the dataset's column: COPY knows only the staged one. */
function reasonOf({ dataset }: LoaderInput, staged: string, message: string): string {
  const column = dataset.columns.find((_, index) => stagedColumn(index) === staged);
  return column ? `${column.name}: ${message}` : message;
}

async function tooManyErrors(
  session: Session,
  input: LoaderInput,
  batch: CopySource[],
  cause: Error,
): Promise<DataError> {
  const [first] = await refusedRows(session, input, batch, 1);
  return new DataError(
    `Run ${input.runId}: COPY gave up, because it could not read ${MAX_ERROR} rows. The first one: ` +
      `${urlOf(input, first.source)}, line ${first.line}: ` +
      first.reason,
    [],
    { cause },
  );
}
