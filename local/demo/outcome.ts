import type { RowPair } from './compare';
import type { DeployedPipeline } from './deployed';
import type { LedgerContent } from './ledger';
import { printable } from './narrator';
import { makeReport, type RunReport } from './report';
import { oneTarget, sideBySide } from './side-by-side';
import { compareTargets, titleOf, type Comparison, type TargetContent } from './targets';
import type { ExecutionRecord } from './watch/execution-changes';

/** What came of the files. */
export interface Outcome {
  readonly report: RunReport;
  readonly targets: TargetContent[];
  /** Both targets side by side, or why they are not; absent where one of them is missing. */
  readonly comparison?: Comparison | string;
  /** Every file was loaded or rejected, every target can be read, and two that are compared hold the same rows. */
  readonly good: boolean;
}

/** @param stuck what is still under way: then the targets hold rows of a part of the files */
export function outcomeOf(
  { dataset }: Pick<DeployedPipeline, 'dataset'>,
  ledger: LedgerContent,
  targets: TargetContent[],
  executions: ExecutionRecord[] = [],
  stuck: string[] = [],
): Outcome {
  const filtering = ledger.runs.flatMap(({ results = {} }) =>
    Object.keys(results).filter(stepId => results[stepId].rowsFiltered !== undefined),
  );
  const comparison =
    stuck.length > 0
      ? 'not every file is loaded, and one target may lack rows that the other has'
      : compareTargets(dataset, targets, new Set(filtering));
  const filesDone = ledger.files.every(file => file.status === 'LOADED' || file.status === 'REJECTED');
  return {
    report: makeReport(ledger, targets, executions),
    targets,
    comparison,
    good:
      stuck.length === 0 &&
      filesDone &&
      targets.every(({ problem }) => problem === undefined) &&
      (typeof comparison !== 'object' || comparison.pairs.every(pair => pair.differences.length === 0)),
  };
}

/** The whole outcome as text. */
export function outcomeText(
  { dataset }: Pick<DeployedPipeline, 'dataset'>,
  { report, targets, comparison }: Outcome,
  rejectedRows: string[],
  width: number,
): string {
  const sections: string[] = [];
  const compared = typeof comparison === 'object' ? [comparison.dynamodb, comparison.redshift] : [];
  if (typeof comparison === 'object') {
    const { dynamodb, redshift, pairs } = comparison;
    const titles = { dynamodb: titleOf(dynamodb), redshift: titleOf(redshift) };
    const columns = dataset!.columns.map(({ name }) => name);
    const rows = pairs.length === 0 ? ['none'] : sideBySide(columns, pairs, titles, width).split('\n');
    sections.push(section('Rows in both targets', rows));
  }
  for (const content of targets.filter(other => !compared.includes(other))) {
    sections.push(section(`Rows in ${titleOf(content)}`, rowsOf(content, width)));
  }
  if (comparison !== undefined) sections.push(section('Do the targets agree?', agreement(comparison)));
  const others = otherResults(report);
  if (others.length > 0) sections.push(section('What the other steps returned', others));
  const rejectedFiles = report.files
    .filter(file => file.status !== 'LOADED')
    .map(file => `${file.key}: ${file.status}${file.reason === null ? '' : `: ${file.reason}`}`);
  return [
    ...sections,
    section('Files that were not loaded', rejectedFiles.length === 0 ? ['none'] : rejectedFiles),
    section('Rows that were rejected', rejectedRows.length === 0 ? ['none'] : rejectedRows),
    '',
  ].join('\n');
}

function rowsOf(content: TargetContent, width: number): string[] {
  if (content.problem !== undefined) return [content.problem];
  if (content.rows.length === 0) return ['none'];
  return oneTarget(content.columns, content.rows, titleOf(content), width).split('\n');
}

function otherResults({ runs }: RunReport): string[] {
  return runs.flatMap(({ runId, otherResults: results }) =>
    Object.entries(results).map(([stepId, result]) => `${stepId} in run ${runId}: ${JSON.stringify(result)}`),
  );
}

/** One line, and one for each of the first differences. */
export function agreement(comparison: Comparison | string): string[] {
  if (typeof comparison === 'string') return [`not compared: ${comparison}`];
  const { pairs } = comparison;
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
