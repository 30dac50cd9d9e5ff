import type { IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct, IDependable } from 'constructs';
import { ChainableStep } from './chainable-step';
import { type JobFunctionOptions, JobFunctionStep } from './job-function-step';
import { ParallelStep } from './parallel-step';
import type { Dataset } from '../dataset/dataset';

/** The pipeline, as a step sees it. */
export interface EtlStepBindOptions {
  /** Columns, key and format of the files. */
  readonly dataset: Dataset;

  /**
   * The bucket that runs keep their files in: everything of a run is below `runs/<runId>/`, the staged copies below
   * `runs/<runId>/input/`.
   */
  readonly workBucket: IBucket;

  /**
   * Takes `{ "operation": "resume" }` once somebody has repaired what an `Etl.Configuration` names: for the step's
   * messages.
   *
   * @default - the trigger has none
   */
  readonly operatorFunction?: IFunction;
}

/** The states and functions that a step adds to a pipeline. */
export interface EtlStepConfig {
  /**
   * The states of the step. Their input is the input of the execution (`runId`, `attempt`, `files`) with `staged`
   * (`files`, `bytes`, `rejectedFiles`) and with `results`: the results of the steps before, by their ids. The pipeline
   * runs the states in a Parallel state of their own and puts what they return, at most a few kilobytes, at
   * `$.results['<stepId>']`.
   */
  readonly chain: IChainable;

  /**
   * Functions that end the step's compute. After an execution each gets
   * `{ "contract": 1, "action": "stop", "runId": …, "attempt": … }`, again and again, until it answers `{ "status":
   * "ended" }`; before that it answers `{ "status": "stopping", "waitSeconds": … }`. The pipeline lets their roles
   * describe its executions.
   *
   * A function ends the compute of that attempt and of earlier ones, and leaves later ones alone: a call may come late,
   * when the next attempt of the run is at work already.
   *
   * @default - the step has no compute that could outlive its execution
   */
  readonly stopFunctions?: IFunction[];

  /**
   * Functions that end what is kept from one run to the next, for instance a cluster that waits for the next run.
   * Before the pipeline is deleted, once no run is left, each gets `{ "contract": 1, "action": "teardown" }`, again and
   * again, until it answers `{ "status": "ended" }`; before that it answers `{ "status": "stopping", "waitSeconds": …
   * }`.
   *
   * @default - nothing is kept
   */
  readonly teardownFunctions?: IFunction[];

  /**
   * Whole constructs that the step's compute needs and that are neither inside the step nor named in its states, for
   * instance the network. As far as they are in the pipeline's stack, they are created before the first run may begin,
   * and deleted only after the runs have been stopped.
   *
   * @default - nothing else
   */
  readonly dependencies?: IDependable[];

  /**
   * Graphs of what the step loads, for the pipeline's dashboard.
   *
   * @default - none
   */
  readonly dashboardWidgets?: IWidget[];
}

/** One load of a run into a target. */
export interface IEtlStep {
  /**
   * Names the step in states, in results and in the work bucket: 1 to 40 of `A-Z a-z 0-9 _ -`, unique in its pipeline.
   */
  readonly stepId: string;

  /**
   * Makes the step's states. A pipeline calls it once, with a scope of the step's own.
   *
   * @param scope where the states go
   * @param options what the step has to know of its pipeline
   */
  bind(scope: Construct, options: EtlStepBindOptions): EtlStepConfig;
}

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
