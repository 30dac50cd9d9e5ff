import { loaderTasks } from './loader-tasks';
import { jobHandler } from '../../etl-step/runtime/job-handler';

/** The actions of the step on its tasks. */
export const handler = jobHandler(loaderTasks);
