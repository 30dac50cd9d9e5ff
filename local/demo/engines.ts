import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { startDockerEngine } from '../containers';
import { startEmr, type EmrChange } from '../emr';
import { startHive, type RunningHive } from '../hive';
import { startMiniStack, type RunningMiniStack } from '../ministack';
import { freePort } from '../processes';
import { startRedshift, type RunningRedshift } from '../redshift';
import { clientConfiguration } from './clients';
import type { Narrator } from './narrator';
import type { Started } from './started';

/**
 * Waits of state machines, batching windows and schedules take this part of their time: the demo's data is small, and
 * its user waits.
 */
const TIME_SCALE = 0.1;

/** Who the loader is in the warehouse. */
export const WAREHOUSE_LOGIN = { username: 'loader', password: 'local-only' };
export const WAREHOUSE_DATABASE = 'dev';

export interface RunningEngines {
  readonly aws: RunningMiniStack;
  readonly redshift: RunningRedshift;
  /** The secret with the login for the warehouse. */
  readonly warehouseSecretArn: string;
  /** Hive is the slowest to start, and nothing needs it before the first step runs. */
  readonly hive: Promise<RunningHive>;
}

/** Starts everything that the pipeline runs on, at once where nothing has to wait for another. */
export async function startEngines(
  narrator: Narrator,
  started: Started,
  folder: string,
  cdkOut: string,
): Promise<RunningEngines> {
  const port = await freePort(); // chosen here, so that nobody has to wait for MiniStack to know where it will be
  const awsEndpoint = `http://127.0.0.1:${port}`;

  const hive = narrator.during('starting Hive', async () =>
    started.add(
      'Hive',
      await startHive({
        runFolder: folder,
        awsEndpoint,
        onProgress: text => narrator.say(text),
      }),
    ),
  );
  hive.catch(() => undefined); // its caller hears of it, even if another engine fails before

  const redshift = await narrator.during('starting Redshift (PostgreSQL behind a proxy)', async () =>
    started.add(
      'Redshift',
      await startRedshift({
        runFolder: folder,
        awsEndpoint,
        user: WAREHOUSE_LOGIN.username,
        password: WAREHOUSE_LOGIN.password,
        database: WAREHOUSE_DATABASE,
      }),
    ),
  );
  const emr = await started.add(
    'EMR',
    await startEmr({
      hive: { run: async script => (await hive).run(script) },
      awsEndpoint,
      onChange: change => narrator.say(emrLine(change)),
    }),
  );
  const docker = await started.add(
    'the containers',
    await startDockerEngine({
      runFolder: folder,
      cdkOut,
      environment: { NODE_EXTRA_CA_CERTS: redshift.caFile },
    }),
  );
  const aws = await narrator.during('starting the local AWS (MiniStack)', async () =>
    started.add(
      'MiniStack',
      await startMiniStack({
        runFolder: folder,
        port,
        emrEndpoint: emr.endpoint,
        dockerHost: docker.dockerHost,
        timeScale: TIME_SCALE,
        onProgress: text => narrator.say(text),
      }),
    ),
  );
  return { aws, redshift, hive, warehouseSecretArn: await createWarehouseSecret(aws) };
}

async function createWarehouseSecret({ environment }: RunningMiniStack): Promise<string> {
  const client = new SecretsManagerClient(clientConfiguration(environment));
  const { ARN } = await client.send(
    new CreateSecretCommand({ Name: 'warehouse', SecretString: JSON.stringify(WAREHOUSE_LOGIN) }),
  );
  return ARN!;
}

function emrLine({ clusterId, clusterName, stepId, state, reason }: EmrChange): string {
  return (
    `EMR cluster ${clusterId} (${clusterName})${stepId ? `, step ${stepId}` : ''}: ` +
    `${state}${reason ? ` (${reason})` : ''}`
  );
}
