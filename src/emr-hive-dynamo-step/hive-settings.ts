import { HIVE_PLACEHOLDER } from './contract';

/** MapReduce on clusters, Tez on EMR Serverless, which has nothing else. */
export type HiveEngine = 'mr' | 'tez';

// Comments hold no quotes and no semicolons: the command line of Hive would split the script there.

/** What both jobs go by. */
export function settings(engine: HiveEngine): string {
  return `
-- ---- settings

-- lines end in LF alone: a lone CR belongs to its line
set textinputformat.record.delimiter=${HIVE_PLACEHOLDER.lineFeed};
-- from here on text that looks like a variable is just text
set hive.variable.substitute=false;
${ENGINE[engine]}
-- the optimizers that rewrite expressions are off: what decides about a row is to be computed as it is written
set hive.cbo.enable=false;
set hive.vectorized.execution.enabled=false;
-- statistics of tables that live for minutes, and another job that merges their files, are of no use
set hive.stats.autogather=false;
set hive.stats.column.autogather=false;
set hive.merge.mapfiles=false;
set hive.exec.compress.output=false;
-- a reducer leaves one file, and a file is what one task writes to DynamoDB
set mapreduce.job.reduces=${HIVE_PLACEHOLDER.reducers};
`;
}

const ENGINE: Record<HiveEngine, string> = {
  mr: `
-- on Tez the connector counts its writers wrongly, and exceeds the write capacity that it may use
set hive.execution.engine=mr;
-- a task that runs twice at the same time would write its items twice
set mapreduce.map.speculative=false;
set mapreduce.reduce.speculative=false;
set hive.mapred.reduce.tasks.speculative.execution=false;
-- the connector logs a line for each item
set mapreduce.map.log.level=WARN;`.trim(),
  tez: `
set hive.execution.engine=tez;
-- a task that runs twice at the same time would write its items twice
set tez.am.speculation.enabled=false;
-- there are to be as many reducers and files as it says below
set hive.tez.auto.reducer.parallelism=false;
set hive.merge.tezfiles=false;
-- the connector logs a line for each item
set tez.task.log.level=WARN;`.trim(),
};

/**
 * What the writing job goes by: as many tasks as there are files, which is what the connector divides the write rate
 * by.
 *
 * With MapReduce it counts the tasks that the cluster has room for. In small containers that is all, and no reducer
 * takes room from them. On Tez it would count MapReduce's slots, so it is told not to ask YARN, and takes
 * mapreduce.job.maps for the number (TaskCalculator and WriteIopsCalculator of the connector).
 */
export const writeSettings = (engine: HiveEngine): string => WRITE[engine];

const WRITE: Record<HiveEngine, string> = {
  mr: `
-- a task for each file, which the default format would put together
set hive.input.format=org.apache.hadoop.hive.ql.io.HiveInputFormat;
-- small containers, so that many tasks write at a time
set mapreduce.map.memory.mb=1024;
set mapreduce.map.java.opts=-Xmx768m;
set yarn.app.mapreduce.am.resource.mb=2048;
set yarn.app.mapreduce.am.command-opts=-Xmx1638m;`.trim(),
  tez: `
-- as many tasks as files, and the connector divides the write rate by their number
set tez.grouping.split-count=${HIVE_PLACEHOLDER.reducers};
set dynamodb.yarn.enabled=false;
set mapreduce.job.maps=${HIVE_PLACEHOLDER.reducers};`.trim(),
};
