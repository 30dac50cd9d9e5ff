import * as path from 'path';
import { deploy } from '../deploy';
import type { RunningHive } from '../hive';
import { createRunFolder, removeOldRunFolders, REPOSITORY } from '../processes';
import type { RunningRedshift } from '../redshift';
import { bundle } from './bundles';
import { createClients, type Clients } from './clients';
import type { DeployedPipeline } from './deployed';
import { discoverPipeline } from './discover';
import { startEngines, WAREHOUSE_DATABASE } from './engines';
import { spaceProblem } from './explain';
import type { Narrator } from './narrator';
import { UsageError, type RunOptions } from './options';
import type { Started } from './started';

/** What a pipeline runs on, with its app deployed to it. */
export interface RunningEnvironment {
  readonly app: DeployedPipeline;
  /** Variables with which an SDK or a CLI uses the local AWS. */
  readonly aws: Record<string, string>;
  readonly clients: Clients;
  readonly redshift: RunningRedshift;
  readonly hive: RunningHive;
  /** Logs, and what the engines write. */
  readonly folder: string;
}

/** Starts the engines and deploys an app to them. */
export async function startEnvironment(
  { app: appFolder, pipeline }: Pick<RunOptions, 'app' | 'pipeline'>,
  narrator: Narrator,
  started: Started,
): Promise<RunningEnvironment> {
  const folder = createRunFolder();
  const problem = spaceProblem(folder);
  if (problem !== undefined) throw new UsageError(problem);
  narrator.say(`logs are in ${folder}`);
  const cdkOut = path.join(folder, 'cdk.out');
  const [{ aws, redshift, hive, warehouseSecretArn }] = await Promise.all([
    startEngines(narrator, started, folder, cdkOut),
    narrator.during('bundling what runs in Lambda functions and in the container', () =>
      bundle(path.join(folder, 'bundle.log')),
    ),
    removeOldRunFolders(),
  ]);
  await narrator.during(`the CDK CLI deploys ${path.relative(REPOSITORY, appFolder)}`, () =>
    deploy({
      appFolder,
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
  const clients = createClients(aws.environment);
  const app = await discoverPipeline(clients, pipeline);
  checkWarehouse(app, redshift);
  return { app, aws: aws.environment, clients, redshift, hive: await hive, folder };
}

/** @throws UsageError if a step looks for a warehouse that is not on this machine */
function checkWarehouse({ steps }: DeployedPipeline, { host, port }: RunningRedshift): void {
  for (const { stepId, target } of steps) {
    if (target?.engine !== 'Redshift' || (target.host === host && Number(target.port) === port)) continue;
    const got = target.host === undefined ? 'a warehouse that AWS is asked for' : `${target.host}:${target.port}`;
    throw new UsageError(
      `The step '${stepId}' loads into ${got}, and here Redshift is ${host}:${port}. Let the app take the warehouse ` +
        "from the context if it has 'warehouseHost', as docs/local.md shows.",
    );
  }
}
