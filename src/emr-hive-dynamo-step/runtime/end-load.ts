import type { LoadState, Started } from './compute';
import { isForgotten } from './emr-calls';
import type { LaunchRecord, Load } from './launch-records';
import { updateLaunch } from './launch-records';

/** Ends a load on what outlives it; true once nothing of it is left. Cancelling may be asked for again and again. */
export async function endLoad(
  compute: Pick<Started, 'find' | 'look'>,
  runId: string,
  record: LaunchRecord,
  cancel: (load: LaunchRecord & Load, state: LoadState) => Promise<void>,
): Promise<boolean> {
  if (record.state === 'refused' || record.state === 'ended') return true;
  const load =
    record.stepId === undefined
      ? await compute.find(runId, record)
      : { clusterId: record.clusterId!, stepId: record.stepId };
  if (!load) {
    if (!isForgotten(record.askedAt)) return false;
    await updateLaunch(runId, { ...record, state: 'ended' });
    return true;
  }
  const state = await compute.look(runId, load);
  if (state.over) {
    await updateLaunch(runId, { ...record, ...load, state: 'ended' });
    return true;
  }
  await cancel({ ...record, ...load }, state);
  return false;
}
