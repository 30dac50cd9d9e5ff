import { pairRows, type Row, type RowPair } from './compare';
import type { LedgerContent } from './ledger';
import { printable } from './narrator';
import type { DeployedApp } from './pipeline';
import { makeReport, type DemoReport } from './report';
import { sideBySide } from './side-by-side';
import type { DatasetDefinition } from '../../src/dataset/contract';

/** What came of the files. */
export interface Outcome {
  readonly report: DemoReport;
  readonly pairs: RowPair[];
  /** Every file was loaded or rejected, and both targets hold the same rows. */
  readonly good: boolean;
}

export function outcomeOf(
  dataset: DatasetDefinition,
  ledger: LedgerContent,
  dynamodb: Row[],
  redshift: Row[],
): Outcome {
  const pairs = pairRows(dataset, dynamodb, redshift);
  const filesDone = ledger.files.every(file => file.status === 'LOADED' || file.status === 'REJECTED');
  return {
    report: makeReport(ledger, dynamodb, redshift),
    pairs,
    good: filesDone && pairs.every(pair => pair.differences.length === 0),
  };
}

/** The whole outcome as text. */
export function outcomeText(
  app: Pick<DeployedApp, 'dataset' | 'dynamoDbTable' | 'schema' | 'table'>,
  { report, pairs }: Outcome,
  rejectedRows: string[],
  width: number,
): string {
  const titles = { dynamodb: `DynamoDB ${app.dynamoDbTable}`, redshift: `Redshift ${app.schema}.${app.table}` };
  const rejectedFiles = report.files
    .filter(file => file.status !== 'LOADED')
    .map(file => `${file.key}: ${file.status}: ${file.reason}`);
  return [
    section(
      'Rows in both targets',
      pairs.length === 0 ? ['none'] : sideBySide(app.dataset, pairs, titles, width).split('\n'),
    ),
    section('Do the targets agree?', agreement(pairs)),
    section('Files that were not loaded', rejectedFiles.length === 0 ? ['none'] : rejectedFiles),
    section('Rows that were rejected', rejectedRows.length === 0 ? ['none'] : rejectedRows),
    '',
  ].join('\n');
}

function agreement(pairs: RowPair[]): string[] {
  const differing = pairs.filter(pair => pair.differences.length > 0);
  if (differing.length === 0) return [`yes: ${pairs.length} rows, the same in every column`];
  return [
    `no: ${differing.length} of ${pairs.length} rows differ`,
    ...differing.slice(0, 20).map(pair => `  ${pair.key}: ${whatDiffers(pair)}`),
  ];
}

function whatDiffers({ dynamodb, redshift, differences }: RowPair): string {
  if (!dynamodb) return 'only in Redshift';
  if (!redshift) return 'only in DynamoDB';
  return differences
    .map(name => `${name} is ${dynamodb[name] ?? 'null'} in DynamoDB, ${redshift[name] ?? 'null'} in Redshift`)
    .join('; ');
}

function section(title: string, lines: string[]): string {
  return `\n${title}\n${lines.map(line => `  ${printable(line)}`).join('\n')}`;
}
