import { RemovalPolicy } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { type IStateMachine, type StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { deliverByEventBridge, deliverByNotification, EventDelivery } from './event-delivery';
import { followExecutions } from './execution-rules';
import {
  DEFAULT_BATCHING_WINDOW,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_EXECUTIONS,
  DEFAULT_MAX_FILES,
  type S3QueueTriggerProps,
} from './s3-queue-trigger-props';
import { TriggerAlarms } from './trigger-alarms';
import { TriggerEvents } from './trigger-events';
import { TriggerFunctions } from './trigger-functions';
import { createQueues } from './trigger-queues';
import { validateComputeFunctions, validateTriggerProps } from './validate-props';
import { createWorkBucket } from './work-bucket';
import type { EtlTriggerDescription, IEtlTrigger, StartExecutionsOptions } from '../etl-pipeline/etl-trigger';
import { DETAIL_TYPE } from '../file-ledger/contract';
import { FileLedger } from '../file-ledger/file-ledger';
import { acknowledgeFindings } from '../findings/acknowledge-findings';
import { metricsOf } from '../metrics/contract';
import { etlMetric, metricSourceName } from '../metrics/etl-metric';
import { graph } from '../metrics/graph';

/**
 * Collects the files that arrive in a bucket and starts executions of a state machine with them, each file once.
 *
 * Events go through a queue into a ledger, a DynamoDB table with one item for each object version. Whatever waits there
 * becomes a run: a fixed batch of files, tried again as itself if it fails. An execution gets `{ "runId", "attempt",
 * "files": { "bucket", "key", "count", "bytes" } }`; `key` names a JSON array in the work bucket, whose elements have
 * `id`, `bucket`, `key`, `versionId` (if there are versions), `etag` and `size`.
 *
 * An execution that succeeds makes its files LOADED. One that fails with the error `Etl.Data` sets files aside: those
 * whose ids its cause names (`{ "message": …, "files": [ids] }`), otherwise the run is bisected until the bad file is
 * found. One that fails with `Etl.Configuration` puts its files back and pauses the trigger at once. One that times out
 * or is aborted makes its files FAILED. Any other failure is followed by the run's next attempt. When too many runs
 * fail in a row the trigger pauses, too; while it is paused, files wait and no run begins.
 *
 * When the trigger is deleted, the executions that go on are stopped first, and what they have running outside as well,
 * before anything that they need is deleted. Their files wait in the ledger.
 *
 * @example
 *
 * new S3QueueTrigger(this, 'Uploads', {
 *   bucket: landing,
 *   prefix: 'orders/',
 *   minRunInterval: Duration.hours(1), // one cluster an hour at most, however the files trickle in
 * });
 */
export class S3QueueTrigger extends Construct implements IEtlTrigger {
  /** Receives the bucket's events. */
  public readonly queue: sqs.IQueue;

  /** Keeps messages that could not be processed, for 14 days: sent back to the queue they are tried again. */
  public readonly deadLetterQueue: sqs.IQueue;

  /** The file ledger: one item for each file version and each run. */
  public readonly ledgerTable: ITable;

  /** Holds everything of a run below `runs/<runId>/`. */
  public readonly workBucket: IBucket;

  /**
   * Does what an operator asks for by a JSON payload:
   *
   * | `operation` | Fields | |
   * |---|---|---|
   * | `putBack` | `fileIds`, `key` (`versionId`), `runId`, `prefix` or `status`; `alone` | files that are loaded, rejected or failed wait again |
   * | `setAside` | `fileIds`, `key` (`versionId`) or `prefix`; `reason` | files that wait are rejected |
   * | `pause` | `reason` | no run begins until `resume` |
   * | `resume` | | ends every pause |
   * | `backfill` | `prefix` | enters files that lay in the bucket before the trigger was deployed |
   * | `showFile` | `fileId` or `key` (`versionId`) | what happened to the file |
   * | `showWaiting` | `prefix` | the oldest files that wait, and what holds them up |
   * | `showFailures` | `since` | runs and files that failed, with the reasons |
   *
   * An answer with `next` is not complete: the same payload with that `next` goes on. A payload that is none of these
   * is answered with `refused` and changes nothing. It begins no run itself; the sweep does, once a minute.
   */
  public readonly operatorFunction: lambda.IFunction;

  private readonly bucket: IBucket;
  private readonly prefix: string;
  private readonly ledger: FileLedger;
  private readonly functions: TriggerFunctions;
  private readonly events: TriggerEvents;
  private stateMachine?: IStateMachine;

  /**
   * @throws Error if a number, a duration or the removal policy is out of its bounds, a suffix is empty, the work
   * bucket's own objects would be files to load, or a notification would tie two stacks to each other
   */
  constructor(scope: Construct, id: string, props: S3QueueTriggerProps) {
    super(scope, id);
    validateTriggerProps(this, props);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const batchingWindow = props.batchingWindow ?? DEFAULT_BATCHING_WINDOW;
    this.bucket = props.bucket;
    this.prefix = props.prefix ?? '';

    const { encryptionKey } = props;
    const { queue, deadLetterQueue } = createQueues(this, { encryptionKey, removalPolicy, batchingWindow });
    this.queue = queue;
    this.deadLetterQueue = deadLetterQueue;
    this.workBucket = props.workBucket ?? createWorkBucket(this, { encryptionKey: props.encryptionKey, removalPolicy });
    this.ledger = new FileLedger(this, 'Ledger', {
      workBucket: this.workBucket,
      encryptionKey: props.encryptionKey,
      removalPolicy,
      maxFilesPerExecution: props.maxFilesPerExecution ?? DEFAULT_MAX_FILES,
      maxBytesPerExecution: props.maxBytesPerExecution ?? DEFAULT_MAX_BYTES,
      maxConcurrentExecutions: props.maxConcurrentExecutions ?? DEFAULT_MAX_EXECUTIONS,
      maxAttempts: props.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
      minRunInterval: props.minRunInterval,
      retention: props.ledgerRetention,
    });
    this.ledgerTable = this.ledger.table;

    this.functions = new TriggerFunctions(this, {
      props,
      batchingWindow,
      queue,
      ledger: this.ledger,
      grantReadFiles: handler => this.grantReadFiles(handler),
    });
    const { arrivals, advance, sweep, teardown, operator } = this.functions;
    this.operatorFunction = operator;
    this.events = new TriggerEvents(this, metricSourceName(this), [arrivals, advance, sweep, teardown, operator]);
    if (props.alarmActions) {
      new TriggerAlarms(this, 'Alarms', {
        trigger: this,
        deadLetterQueue: this.deadLetterQueue,
        sweep,
        actions: props.alarmActions,
      });
    }

    const deliver = props.delivery === EventDelivery.EVENT_BRIDGE ? deliverByEventBridge : deliverByNotification;
    deliver(this, { bucket: props.bucket, queue: this.queue, prefix: this.prefix, suffixes: props.suffixes ?? [] });
    acknowledgeFindings(this);
    this.node.addValidation({
      validate: () =>
        this.stateMachine
          ? []
          : [
              `The trigger ${this.node.path} starts nothing: call startExecutionsOf(stateMachine), or give it to ` +
                'an EtlPipeline.',
            ],
    });
  }

  /**
   * Says which state machine to start: any of type STANDARD. Called once; an EtlPipeline does it for its trigger.
   *
   * @throws Error at a second call, if the state machine is of type EXPRESS, or if there are more than 20 stop
   * functions or teardown functions
   */
  public startExecutionsOf(stateMachine: IStateMachine, options: StartExecutionsOptions = {}): void {
    if (this.stateMachine) {
      throw new Error(
        `The trigger ${this.node.path} starts ${this.stateMachine.node.path} already, so it cannot start ` +
          `${stateMachine.node.path}. Make a trigger of its own for each ` +
          'state machine; with EventDelivery.EVENT_BRIDGE several may take the same files.',
      );
    }
    if ((stateMachine as Partial<StateMachine>).stateMachineType === StateMachineType.EXPRESS) {
      throw new Error(
        `The state machine ${stateMachine.node.path} is of type EXPRESS, but must be STANDARD: only there does ` +
          'the name of an execution keep it from running twice.',
      );
    }
    const { stopFunctions = [], teardownFunctions = [], dependencies = [] } = options;
    validateComputeFunctions(this, { stopFunctions, teardownFunctions });
    this.stateMachine = stateMachine;
    this.ledger.startExecutionsOf(stateMachine, { stopFunctions, teardownFunctions });
    followExecutions(this, this.functions, stateMachine, [...stopFunctions, ...teardownFunctions, ...dependencies]);
  }

  /**
   * Lets somebody read the files, in every version, and learn that one is missing. Includes decryption with the
   * bucket's key.
   */
  public grantReadFiles(grantee: iam.IGrantable): iam.Grant {
    const read = iam.Grant.addToPrincipalOrResource({
      grantee,
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      resourceArns: [this.bucket.arnForObjects(`${this.prefix}*`)],
      resource: this.bucket,
    });
    // lets S3 answer 404 for what is missing instead of 403; a condition on the prefix would spoil that
    const list = iam.Grant.addToPrincipalOrResource({
      grantee,
      actions: ['s3:ListBucket'],
      resourceArns: [this.bucket.bucketArn],
      resource: this.bucket,
    });
    const decrypt = this.bucket.encryptionKey?.grantDecrypt(grantee);
    return decrypt ? read.combine(list).combine(decrypt) : read.combine(list);
  }

  /**
   * One of the trigger's metrics by its name, over 5 minutes; the other methods name them all.
   *
   * @param name for instance `FilesLoaded`
   * @param options whatever differs: statistic, period, …
   * @throws Error if the trigger has no such metric
   */
  public metric(name: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    const names = metricsOf('trigger');
    const known = names.find(other => other === name);
    if (!known) {
      throw new Error(`The trigger ${this.node.path} has no metric '${name}': it must be one of ${names.join(', ')}.`);
    }
    return etlMetric(this, known, options);
  }

  /** Files that arrived: new ones, each counted once. Sum. */
  public metricFilesArrived(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('FilesArrived', options);
  }

  /** Files that wait, asked every minute and counted up to 100,000. Maximum. */
  public metricFilesWaiting(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('FilesWaiting', options);
  }

  /** Seconds for which the file that is next has waited. Maximum. */
  public metricOldestFileAge(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('OldestFileAge', options);
  }

  /** Files that became LOADED. Sum. */
  public metricFilesLoaded(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('FilesLoaded', options);
  }

  /** Files that became REJECTED; those that an operator sets aside are not counted. Sum. */
  public metricFilesRejected(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('FilesRejected', options);
  }

  /** Files that became FAILED. Sum. */
  public metricFilesFailed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('FilesFailed', options);
  }

  /** Runs that succeeded. Sum. */
  public metricRunsSucceeded(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('RunsSucceeded', options);
  }

  /** Runs that failed, timed out or were aborted: not an attempt that is followed by another. Sum. */
  public metricRunsFailed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('RunsFailed', options);
  }

  /** Seconds that the last attempt of a run took. Maximum. */
  public metricRunDuration(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('RunDuration', options);
  }

  /**
   * Times that compute of an ended attempt was found still running. Sum; each attempt is looked at once a minute.
   */
  public metricRunsStopping(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('RunsStopping', options);
  }

  /** 1 while no run may begin, else 0. Maximum. */
  public metricPaused(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Paused', options);
  }

  /**
   * Makes a rule for runs that fail: an event of source `cdk-etl-steps` and detail type `Etl Run Failed`, whose detail
   * has `trigger`, `runId`, `attempt`, `status`, `error`, `cause` and, in `files`, how many files became what. It comes
   * once at least, so the target must bear it twice.
   *
   * @param id of the rule
   * @param options its target, and whatever else the event has to match
   */
  public onRunFailed(id: string, options?: events.OnEventOptions): events.Rule {
    return this.events.rule(id, DETAIL_TYPE.runFailed, options);
  }

  /**
   * Makes a rule for files that are rejected: an event each, of source `cdk-etl-steps` and detail type `Etl File
   * Rejected`, whose detail has `trigger`, `fileId`, `bucket`, `key`, `versionId` (if there is one), `runId` (absent
   * for a file that is rejected as it arrives, for its size) and `reason`. It comes once at least, so the target must
   * bear it twice. Files that an operator sets aside send none.
   *
   * @param id of the rule
   * @param options its target, and whatever else the event has to match
   */
  public onFileRejected(id: string, options?: events.OnEventOptions): events.Rule {
    return this.events.rule(id, DETAIL_TYPE.fileRejected, options);
  }

  /**
   * Makes a rule for pauses, whatever has paused the trigger: an event of source `cdk-etl-steps` and detail type `Etl
   * Paused`, whose detail has `trigger`, `reason` and, after a failed configuration, `runId`. It comes within a minute,
   * and once at least for each pause.
   *
   * @param id of the rule
   * @param options its target, and whatever else the event has to match
   */
  public onPaused(id: string, options?: events.OnEventOptions): events.Rule {
    return this.events.rule(id, DETAIL_TYPE.paused, options);
  }

  /** Says to the pipeline what its steps' messages and its dashboard may refer to. */
  public describe(): EtlTriggerDescription {
    return {
      operatorFunction: this.operatorFunction,
      dashboardWidgets: [
        graph('Files', [
          this.metricFilesArrived(),
          this.metricFilesLoaded(),
          this.metricFilesRejected(),
          this.metricFilesFailed(),
        ]),
        graph('Waiting', [this.metricFilesWaiting(), this.metricPaused()], [this.metricOldestFileAge()]),
        graph('Runs', [this.metricRunsSucceeded(), this.metricRunsFailed()], [this.metricRunDuration()]),
        graph('Dead letters', [this.deadLetterQueue.metricApproximateNumberOfMessagesVisible()]),
      ],
    };
  }

  /** Lets somebody call the operator function. It can load every file again, and keep every file from being loaded. */
  public grantOperate(grantee: iam.IGrantable): iam.Grant {
    return this.operatorFunction.grantInvoke(grantee);
  }
}
