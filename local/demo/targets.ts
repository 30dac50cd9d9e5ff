import type { Clients } from './clients';
import { pairRows, type RowPair } from './compare';
import { targetName, type DeployedPipeline, type Target } from './deployed';
import { readDynamoDbTable, readRedshiftTable, type QueryRows, type TableContent } from './tables';
import type { DatasetDefinition } from '../../src/dataset/contract';

/** What a step's target holds. */
export interface TargetContent extends TableContent {
  readonly stepId: string;
  readonly target: Target;
  /** Why it cannot be read; then there are no rows. */
  readonly problem?: string;
}

/** Rows of DynamoDB and of Redshift, side by side. */
export interface Comparison {
  readonly dynamodb: TargetContent;
  readonly redshift: TargetContent;
  readonly pairs: RowPair[];
}

export function titleOf({ target }: Pick<TargetContent, 'target'>): string {
  return `${target.engine} ${targetName(target)}`;
}

/** Reads the targets of all steps. One that cannot be read says so: somebody may have changed it meanwhile. */
export async function readTargets(
  { dynamodb }: Pick<Clients, 'dynamodb'>,
  query: QueryRows,
  { steps, dataset }: Pick<DeployedPipeline, 'steps' | 'dataset'>,
): Promise<TargetContent[]> {
  const read = async (target: Target): Promise<TableContent> => {
    if (target.engine === 'DynamoDB') return readDynamoDbTable(dynamodb, target.table, dataset);
    return readRedshiftTable(query, target.schema, target.table, dataset!); // its step has the dataset, too
  };
  const contents: TargetContent[] = [];
  for (const { stepId, target } of steps) {
    if (!target) continue;
    try {
      contents.push({ stepId, target, ...(await read(target)) });
    } catch (error) {
      const { name, message } = error as Error;
      contents.push({ stepId, target, columns: [], rows: [], problem: `cannot be read: ${name}: ${message}` });
    }
  }
  return contents;
}

/**
 * The first DynamoDB table and the first Redshift table side by side, if both are to hold the same rows.
 * @returns why there is no comparison, where both targets are there
 */
export function compareTargets(
  dataset: DatasetDefinition | undefined,
  targets: TargetContent[],
  filteringSteps: ReadonlySet<string>,
): Comparison | string | undefined {
  const dynamodb = targets.find(({ target }) => target.engine === 'DynamoDB');
  const redshift = targets.find(({ target }) => target.engine === 'Redshift');
  if (!dataset || !dynamodb || !redshift) return undefined;
  for (const content of [dynamodb, redshift]) if (content.problem) return `${titleOf(content)} ${content.problem}`;
  const names = new Set(dataset.columns.map(({ name }) => name));
  const others = dynamodb.columns.filter(name => !names.has(name));
  const mode = redshift.target.engine === 'Redshift' ? redshift.target.mode : undefined;
  if (others.length > 0) {
    return `the items have attributes that are no columns of the dataset '${dataset.name}': ${others.join(', ')}`;
  }
  if (filteringSteps.has(dynamodb.stepId)) return `a transform of ${dynamodb.stepId} yields other rows than it reads`;
  if (mode !== 'upsert') return `${redshift.stepId} loads by ${mode}: only upsert keeps one row for each key`;
  return { dynamodb, redshift, pairs: pairRows(dataset, dynamodb.rows, redshift.rows) };
}
