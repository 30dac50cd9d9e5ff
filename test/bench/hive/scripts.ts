import { ORDERS } from '../../../examples/orders/orders-dataset';
import { countsFolder, fillHiveScript } from '../../../src/emr-hive-dynamo-step/contract';
import { hiveScript } from '../../../src/emr-hive-dynamo-step/hive-script';
import { inputFolder } from '../../../src/etl-step/contract';

export const TABLE = 'orders';
export const KEY = 'order_id';

const BUCKET = 'work';
const STEP_ID = 'ToDynamo';

/** Where a run's files are in a folder of this machine, which stands for the work bucket. */
export const inputOf = (folder: string, runId: string): string => `${folder}/${inputFolder(runId)}`;
export const countsOf = (folder: string, runId: string): string => `${folder}/${countsFolder(runId, STEP_ID)}`;

const useSink = (endpoint: string): string => `set dynamodb.endpoint=${endpoint};\n`;

/** The step's HiveQL over files of this machine: an emulated S3 would only slow both scripts down. */
export function stepScript(folder: string, runId: string, endpoint: string): string {
  const rendered = hiveScript({ dataset: ORDERS._definition, tableName: TABLE, attributeNames: {}, epochSeconds: [] });
  const script = fillHiveScript(rendered, {
    workBucket: BUCKET,
    runId,
    stepId: STEP_ID,
    reducers: 2,
    writeRate: { percent: 100 },
  });
  return useSink(endpoint) + script.replaceAll(`s3://${BUCKET}/`, `file://${folder}/`);
}

/**
 * The shortest HiveQL that loads the same rows, as a tutorial has it: a cast that fails gives null, a malformed line
 * gives some row, and several rows with one key fail the load or leave any of them.
 */
export function shortestScript(folder: string, runId: string, endpoint: string): string {
  return `${useSink(endpoint)}set hive.execution.engine=mr;
DROP TABLE IF EXISTS orders_csv;
DROP TABLE IF EXISTS orders_dynamo;
CREATE EXTERNAL TABLE orders_csv (order_id STRING, customer STRING, status STRING, quantity STRING, amount STRING, gift STRING, ordered_on STRING,
  updated_at STRING, note STRING)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
LOCATION 'file://${inputOf(folder, runId)}'
TBLPROPERTIES ('skip.header.line.count' = '1');
CREATE EXTERNAL TABLE orders_dynamo (order_id STRING, customer STRING, status STRING, quantity BIGINT, amount DOUBLE, gift BOOLEAN, ordered_on STRING,
  updated_at STRING, note STRING)
STORED BY 'org.apache.hadoop.hive.dynamodb.DynamoDBStorageHandler'
TBLPROPERTIES (
  'dynamodb.table.name' = '${TABLE}',
  'dynamodb.column.mapping' = '${ORDERS._definition.columns.map(({ name }) => `${name}:${name}`).join(',')}',
  'dynamodb.throughput.write.percent' = '1'
);
INSERT INTO TABLE orders_dynamo
  SELECT order_id, customer, status, cast(quantity AS BIGINT), cast(amount AS DOUBLE), gift = 'true', ordered_on, updated_at, note FROM orders_csv;
`;
}
