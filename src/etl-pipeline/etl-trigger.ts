import type { IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { IConstruct, IDependable } from 'constructs';

/** Options of IEtlTrigger.startExecutionsOf(). */
export interface StartExecutionsOptions {
  /**
   * Functions that end what an execution has running outside of it, at most 20. After each execution every one gets
   * `{ "contract": 1, "action": "stop", "runId": …, "attempt": … }`, again and again, until it answers `{ "status":
   * "ended" }`; before that it answers `{ "status": "stopping", "waitSeconds": … }`. Only then is the run tried again
   * or settled. A function ends what that attempt and earlier ones have running, and leaves later ones alone: a call
   * may come late, when the next attempt of the run is at work already.
   *
   * @default - nothing outlives an execution
   */
  readonly stopFunctions?: IFunction[];

  /**
   * Functions that end what is kept from one run to the next, for instance a cluster that waits for the next run.
   * Before the trigger is deleted, once no run is left, each gets `{ "contract": 1, "action": "teardown" }`, again and
   * again, until it answers `{ "status": "ended" }`; before that it answers `{ "status": "stopping", "waitSeconds": …
   * }`. At most 20.
   *
   * @default - nothing is kept
   */
  readonly teardownFunctions?: IFunction[];

  /**
   * Whole constructs that executions need besides the state machine and the stop functions. As far as they are in the
   * trigger's stack, they are created before the first run may begin, and deleted only after the executions have been
   * stopped.
   *
   * @default - nothing else
   */
  readonly dependencies?: IDependable[];
}

/** Numbers of a trigger that a pipeline shows. */
export interface EtlTriggerDescription {
  /**
   * Takes `{ "operation": "resume" }` after a failed configuration was repaired.
   *
   * @default - messages name no command
   */
  readonly operatorFunction?: IFunction;

  /**
   * Graphs of what arrives, waits and fails.
   *
   * @default - the dashboard shows the executions alone
   */
  readonly dashboardWidgets?: IWidget[];
}

/**
 * A source of files that decides what a pipeline loads, and when. Each of its executions gets `{ "runId", "attempt",
 * "files": { "bucket", "key", "count", "bytes" } }`, and is named so that none runs twice; `key` names a JSON array in
 * `bucket`, the work bucket, whose elements have `id`, `bucket`, `key`, `versionId` (if there are versions), `etag` and
 * `size`.
 */
export interface IEtlTrigger extends IConstruct {
  /** Holds everything of a run below `runs/<runId>/`. */
  readonly workBucket: IBucket;

  /** Lets somebody read the files, in every version, and learn that one is missing. */
  grantReadFiles(grantee: IGrantable): Grant;

  /**
   * Says which state machine to start. Called once.
   *
   * @param stateMachine of type STANDARD
   * @param options what has to be stopped after an execution, and before the trigger is deleted
   */
  startExecutionsOf(stateMachine: IStateMachine, options?: StartExecutionsOptions): void;

  /** Says what messages of the steps and the pipeline's dashboard may refer to. */
  describe(): EtlTriggerDescription;
}
