import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import { ChainableStep } from './chainable-step';
import { type JobFunctionOptions, JobFunctionStep } from './job-function-step';
import { ParallelStep } from './parallel-step';
import type { IEtlStep } from './step';

/**
 * Makes steps of what you have already.
 *
 * @example
 *
 * EtlStep.parallel('Load', [
 *   new EmrHiveDynamoStep(this, 'ToDynamo', { table, compute: EmrCompute.instanceFleets({ vpc }) }),
 *   new FargateRedshiftStep(this, 'ToRedshift', { vpc, warehouse, schema: 'analytics', table: 'orders' }),
 * ]);
 */
export class EtlStep {
  /**
   * A step of any states: a chain, a fragment, a single task.
   *
   * Their input and what becomes of their output: see `EtlStepConfig.chain`. A failure fails the execution with its own
   * error name: `Etl.Data` sets files aside (the cause may name them: `{ "message": …, "files": [ids] }`),
   * `Etl.Configuration` pauses the pipeline until somebody has changed something, `Etl.Timeout` fails the files for
   * good, any other error is followed by the run's next attempt.
   *
   * @param stepId 1 to 40 of the characters `A-Z a-z 0-9 _ -`, unique in the pipeline
   * @param chain the states; their names must be unique in the pipeline
   * @throws Error if the id has other characters
   */
  public static fromChainable(stepId: string, chain: IChainable): IEtlStep {
    return new ChainableStep(stepId, chain);
  }

  /**
   * A step whose long-running compute a Lambda function of yours starts, looks at and ends.
   *
   * The function gets `{ "contract": 1, "action": "launch" | "check" | "stop", "runId": …, "attempt": … }` and answers
   * with the job's state: docs/write-a-step.md in the repository has every field. The pipeline waits between the
   * checks, stops the compute on every failure, and keeps the result. The function may read the run's staged files, and
   * read and write `runs/<runId>/<stepId>/` of the work bucket.
   *
   * @param stepId 1 to 40 of the characters `A-Z a-z 0-9 _ -`, unique in the pipeline
   * @param handler the function. Give its `currentVersion`, retained: executions outlive deployments, and go on with
   * the version that they began with
   * @param options time-out and arguments
   * @throws Error if the id has other characters, or `maxRuntime` is out of its bounds
   */
  public static fromJobFunction(stepId: string, handler: IFunction, options: JobFunctionOptions = {}): IEtlStep {
    return new JobFunctionStep(stepId, handler, options);
  }

  /**
   * Runs steps side by side. Each gets the same input, and the results of all are in `$.results` for the step that
   * follows.
   *
   * If one fails, the execution fails at once; the compute of the others is stopped right after it, and steps that were
   * done before are not repeated in the next attempt.
   *
   * @param stepId 1 to 40 of the characters `A-Z a-z 0-9 _ -`, unique in the pipeline like the ids of the steps inside
   * @param steps at least one step
   * @throws Error if the id has other characters or if there is no step
   */
  public static parallel(stepId: string, steps: IEtlStep[]): IEtlStep {
    return new ParallelStep(stepId, steps);
  }

  private constructor() {}
}
