import type { TableDescription } from '@aws-sdk/client-dynamodb';
import type { StagedFile } from '../../etl-pipeline/contract';
import type { EmrHiveDynamoArguments, WriteRate } from '../contract';

/** How many tasks write, and how fast all of them together. */
export interface WritePlan {
  readonly reducers: number;
  readonly writeRate: WriteRate;
  /** Write units a second that the table has for the load when it is launched. */
  readonly unitsPerSecond: number;
}

/**
 * Write units a second of a table on demand that says nothing else: what a new one takes at once.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html
 */
const NEW_TABLE_UNITS = 4_000;

/**
 * Tasks that write at a time on one instance: containers of 1 GB (the script's) in the 11,712 MB that EMR leaves for
 * them of 16 GiB. It only shapes the files: the connector itself divides the rate by the tasks that the cluster has
 * room for, or that there are.
 * https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html, TaskCalculator and
 * WriteIopsCalculator of the connector
 */
const WRITERS_PER_WORKER = 11;

/** Containers of 1 GB that the job's application master takes. */
const APPLICATION_MASTER = 2;

/**
 * A task sends 25 items at a time, BatchWriteItem's most, and gets a whole number of units a second: below this,
 * batches would be smaller.
 */
const UNITS_PER_WRITER = 25;

const MIB = 1024 ** 2;

/**
 * CSV of a writer, if there are slots for more: its container takes seconds to start, and this some ten seconds to
 * write.
 */
const LEAST_BYTES_PER_WRITER = 8 * MIB;

/**
 * CSV of a reducer at most: it sorts as much, and a task that fails begins again. In ORC it is a quarter of that
 * (measured), one split.
 */
const MOST_BYTES_PER_WRITER = 1024 * MIB;

/** Text is about four times as long as what gzip makes of it. */
const GZIP_RATIO = 4;

/** The plan for a run's files, a table as it is now, and a cluster of that many instances. */
export function writePlan(
  files: readonly StagedFile[],
  table: TableDescription,
  { table: options, workers, serverless }: Pick<EmrHiveDynamoArguments, 'table' | 'workers' | 'serverless'>,
): WritePlan {
  const rate = writeRate(table, options);
  const bytes = files.reduce((sum, file) => sum + file.bytes * (file.gzip ? GZIP_RATIO : 1), 0);
  const slots = serverless?.tasks ?? workers * WRITERS_PER_WORKER - APPLICATION_MASTER;
  return { ...rate, reducers: reducers(bytes, rate.unitsPerSecond, slots) };
}

/**
 * A file of a reducer is a task that writes. As many as write at a time: each gets an equal part of the rate, so a task
 * that has to wait for another leaves the rest of the rate unused. Large loads take several such rounds.
 */
function reducers(bytes: number, unitsPerSecond: number, slots: number): number {
  const atATime = Math.max(
    1,
    Math.min(slots, Math.floor(unitsPerSecond / UNITS_PER_WRITER), Math.ceil(bytes / LEAST_BYTES_PER_WRITER)),
  );
  return atATime * Math.max(1, Math.ceil(bytes / (atATime * MOST_BYTES_PER_WRITER)));
}

/**
 * A part of provisioned capacity is left to the connector, which reads the table again every 5 to 10 minutes and so
 * follows auto scaling. A number of units is taken as it is there: auto scaling raises the capacity only after more is
 * asked for than there is.
 *
 * The connector takes any table on demand for one of 40,000 units, so for those the rate is a number, never above what
 * the table takes at once.
 */
function writeRate(
  table: TableDescription,
  { writeUnitsPerSecond, writeThroughputPercent = 100 }: EmrHiveDynamoArguments['table'],
): Omit<WritePlan, 'reducers'> {
  const whole = (units: number) => Math.max(1, Math.floor(units));
  if (table.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST') {
    const most = Math.min(...[table, ...(table.GlobalSecondaryIndexes ?? [])].map(onDemandUnits));
    return asNumber(Math.min(most, writeUnitsPerSecond ?? whole((most * writeThroughputPercent) / 100)));
  }
  if (writeUnitsPerSecond !== undefined) return asNumber(writeUnitsPerSecond);
  const provisioned = table.ProvisionedThroughput?.WriteCapacityUnits ?? 1;
  return {
    writeRate: { percent: writeThroughputPercent },
    unitsPerSecond: whole((provisioned * writeThroughputPercent) / 100),
  };
}

const asNumber = (units: number): Omit<WritePlan, 'reducers'> => ({
  writeRate: { units, percent: 100 },
  unitsPerSecond: units,
});

/** What a table or an index on demand takes at once. A full index holds up the writes of its table. */
function onDemandUnits({
  OnDemandThroughput,
  WarmThroughput,
}: Pick<TableDescription, 'OnDemandThroughput' | 'WarmThroughput'>): number {
  const limit = OnDemandThroughput?.MaxWriteRequestUnits ?? 0; // -1: none
  return Math.min(limit > 0 ? limit : Infinity, WarmThroughput?.WriteUnitsPerSecond ?? NEW_TABLE_UNITS);
}
