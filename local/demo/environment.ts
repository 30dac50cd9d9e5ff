import * as path from 'path';
import { ORDERS } from '../../examples/orders/orders-dataset';
import { deploy, type StackOutputs } from '../deploy';
import type { RunningHive } from '../hive';
import { createRunFolder, removeOldRunFolders, REPOSITORY } from '../processes';
import { bundle } from './bundles';
import { startEngines, WAREHOUSE_DATABASE } from './engines';
import type { Narrator } from './narrator';
import type { DeployedApp } from './pipeline';
import type { Started } from './started';
import type { QueryRows } from './tables';

const APP_FOLDER = path.join(REPOSITORY, 'examples', 'orders');

/** What the demo runs on, with the example deployed to it. */
export interface RunningEnvironment {
  readonly app: DeployedApp;
  /** Variables with which an SDK or a CLI uses the local AWS. */
  readonly aws: Record<string, string>;
  readonly query: QueryRows;
  readonly hive: RunningHive;
  /** Logs, and what the engines write. */
  readonly folder: string;
}

/** Starts the engines and deploys examples/orders to them. */
export async function startEnvironment(narrator: Narrator, started: Started): Promise<RunningEnvironment> {
  const folder = createRunFolder();
  narrator.say(`logs are in ${folder}`);
  const cdkOut = path.join(folder, 'cdk.out');
  const [{ aws, redshift, hive, warehouseSecretArn }] = await Promise.all([
    startEngines(narrator, started, folder, cdkOut),
    narrator.during('bundling what runs in Lambda functions and in the container', () =>
      bundle(path.join(folder, 'bundle.log')),
    ),
    removeOldRunFolders(),
  ]);
  const outputs = await narrator.during('the CDK CLI deploys examples/orders', () =>
    deploy({
      appFolder: APP_FOLDER,
      // it takes half of the synthesis; the tests of the templates have it on
      environment: { ...aws.environment, CDK_VALIDATION: 'false' },
      runFolder: folder,
      outputFolder: cdkOut,
      context: {
        warehouseHost: redshift.host,
        warehousePort: String(redshift.port),
        warehouseDatabase: WAREHOUSE_DATABASE,
        warehouseSecretArn,
      },
      onProgress: line => {
        if (/^ *[✨✅]/u.test(line)) narrator.say(line.trim());
      },
    }),
  );
  return { app: deployedApp(outputs), aws: aws.environment, query: redshift.query, hive: await hive, folder };
}

function deployedApp({ OrdersPipeline: outputs }: StackOutputs): DeployedApp {
  return {
    dataset: ORDERS._definition,
    landingBucket: outputs.LandingBucket,
    queueUrl: outputs.QueueUrl,
    ledgerTable: outputs.LedgerTable,
    stateMachineArn: outputs.StateMachineArn,
    dynamoDbTable: outputs.ItemsTable,
    // as examples/orders/orders-pipeline.ts has them
    prefix: 'orders/',
    schema: 'analytics',
    table: 'orders',
  };
}
