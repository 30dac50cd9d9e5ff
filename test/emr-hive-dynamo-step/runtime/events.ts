import type { ClusterTemplate, EmrHiveDynamoArguments, EmrJob } from '../../../src/emr-hive-dynamo-step/contract';
import type { CheckEvent, JobStatus, LaunchEvent, StopEvent } from '../../../src/etl-step/contract';

export const RUN = '20261123T120000Z-0123456789abcdef';
/** What staging has put there. */
export const STAGED_FILE = `runs/${RUN}/input/part-00000.csv`;
export const STEP_FOLDER = `runs/${RUN}/ToDynamo/`;

export const TEMPLATE: ClusterTemplate = {
  releaseLabel: 'emr-7.13.0',
  serviceRole: 'Service',
  instanceProfile: 'Profile',
  securityConfiguration: 'Encrypted',
  subnetIds: ['subnet-a', 'subnet-b', 'subnet-c'],
  primarySecurityGroup: 'sg-primary',
  coreSecurityGroup: 'sg-core',
  serviceAccessSecurityGroup: 'sg-service',
  primaryInstanceTypes: ['m7g.xlarge', 'm6g.xlarge'],
  coreInstanceTypes: ['m7g.xlarge', 'r7g.xlarge'],
  onDemandCapacity: 1,
  spotCapacity: 3,
  tags: [{ Key: 'team', Value: 'orders' }],
};

const common = (attempt: number) => ({ contract: 1, runId: RUN, attempt });
const EXECUTION = 'arn:aws:states:us-east-1:111122223333:execution:machine:run-1';

export function launchEvent(script: string, attempt = 1, relaunch = 0, template = TEMPLATE): LaunchEvent<EmrHiveDynamoArguments> {
  return { ...common(attempt), action: 'launch', executionArn: EXECUTION, relaunch, arguments: { script, cluster: template } };
}

export function checkEvent(launch: LaunchEvent<EmrHiveDynamoArguments>, status: JobStatus<EmrJob>): CheckEvent<EmrJob, EmrHiveDynamoArguments> {
  if (status.status !== 'running') throw new Error(`there is nothing to check: ${JSON.stringify(status)}`);
  const { action: _action, ...rest } = launch;
  // as it comes back from Step Functions: undefined properties are gone
  return { ...rest, action: 'check', job: JSON.parse(JSON.stringify(status.job)) };
}

export const stopEvent = (attempt = 1): StopEvent => ({ ...common(attempt), action: 'stop' });
