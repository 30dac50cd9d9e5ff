import { hiveLoads } from './hive-loads';
import { jobHandler } from '../../etl-step/runtime/job-handler';

/** The actions of the step on its loads. */
export const handler = jobHandler(hiveLoads);
