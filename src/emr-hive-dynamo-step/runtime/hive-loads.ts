import type { JobStep } from '../../etl-step/runtime/job-handler';
import type { EmrHiveDynamoArguments } from '../contract';
import { computeOf, startedBy } from './compute';
import { endKeptClusters } from './end-kept-clusters';
import { judgeLoad } from './judge-load';
import type { Load, LoadLaunch } from './load';
import { ensureInput, writeScript } from './script';

/** The jobs of the step: loads with Hive, on whatever its arguments name. */
export const hiveLoads: JobStep<EmrHiveDynamoArguments, Load, LoadLaunch> = {
  computeOf(options) {
    const compute = computeOf(options);
    return {
      ...compute,
      async prepare(event, before) {
        await ensureInput(event.runId);
        await writeScript(event);
        return compute.prepare(event, before);
      },
      judge: async event => judgeLoad(event, await compute.look(event.runId, event.job)),
    };
  },
  computeOfRecord: startedBy,
  stopWaitSeconds: 15, // a cluster takes one to three minutes to end
  teardown: endKeptClusters,
};
