import type { IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct, IDependable } from 'constructs';
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
