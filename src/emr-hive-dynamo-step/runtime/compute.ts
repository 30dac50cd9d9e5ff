import type { EmrHiveDynamoArguments } from '../contract';
import { clusterOfRun } from './cluster-of-run';
import { existingCluster } from './existing-cluster';
import { keptCluster } from './kept-cluster';
import type { LoadLaunch } from './load';
import type { LoadCompute, StartedLoad } from './load-compute';
import { serverlessJob } from './serverless-job';
import { stepOnCluster } from './step-on-cluster';

export function computeOf({ existing, kept, serverless }: EmrHiveDynamoArguments): LoadCompute {
  if (serverless) return serverlessJob;
  if (existing) return existingCluster;
  return kept ? keptCluster : clusterOfRun;
}

/** For those who know the record only. */
export function startedBy(record: LoadLaunch): StartedLoad {
  if (record.isServerless) return serverlessJob;
  return record.addsStep ? stepOnCluster : clusterOfRun;
}
