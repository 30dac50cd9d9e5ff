import type { LoadCompute } from './load-compute';
import { startOnCluster, stepOnCluster } from './step-on-cluster';

/** A cluster of the user's. */
export const existingCluster: LoadCompute = {
  ...stepOnCluster,
  async prepare(event) {
    return {
      place: { clusterId: event.arguments.existing!.clusterId, addsStep: true },
      start: async record => startOnCluster(event, record),
    };
  },
};
