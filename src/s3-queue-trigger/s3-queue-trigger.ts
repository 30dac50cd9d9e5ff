import { CustomResource, Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { type IStateMachine, type StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { AdvanceFunction } from './advance-function';
import { ArrivalsFunction } from './arrivals-function';
import { ARRIVALS_ENV } from './contract';
import { orderDeletion } from './deletion-order';
import { deliverByEventBridge, deliverByNotification, EventDelivery } from './event-delivery';
import { SweepFunction } from './sweep-function';
import { TeardownFunction } from './teardown-function';
import { TriggerAlarms } from './trigger-alarms';
import { TriggerEvents } from './trigger-events';
import { validateComputeFunctions, validateTriggerProps } from './validate-props';
import { createWorkBucket } from './work-bucket';
import type { EtlTriggerDescription, IEtlTrigger, StartExecutionsOptions } from '../etl-pipeline/etl-trigger';
import { DETAIL_TYPE, LEDGER_FUNCTION_TIMEOUT_SECONDS } from '../file-ledger/contract';
import { FileLedger } from '../file-ledger/file-ledger';
import { acknowledgeFindings } from '../findings/acknowledge-findings';
import { functionOptions, type EtlFunctionOptions } from '../function-options';
import { metricsOf } from '../metrics/contract';
import { etlMetric, metricEnvironment, metricSourceName } from '../metrics/etl-metric';
import { graph } from '../metrics/graph';
import { OPERATOR_ENV, OPERATOR_TIMEOUT_SECONDS } from '../operator/contract';
import { OperatorFunction } from '../operator/operator-function';

/** Time for a backlog to become one large run; for most loads, starting compute takes longer. */
const DEFAULT_BATCHING_WINDOW = Duration.seconds(60);

/** Claimed in about 5 seconds, named in lists of about 4 MB that a function reads at once. */
const DEFAULT_MAX_FILES = 10_000;

/**
 * What the steps load with their defaults within their time, at worst: gzip files (512 MiB hold about 2.1 GB of text)
 * of rows of 100 bytes into a new DynamoDB table on demand. A load uses half of its 4,000 write units a second, so 21
 * million rows take 3.0 hours of EmrHiveDynamoStep's 4, and its cluster starts in 8 minutes; its disks hold 100 GB.
 * Plain files take a quarter of that. Redshift takes such a run in minutes. See docs/capacity.md.
 */
const DEFAULT_MAX_BYTES = Size.mebibytes(512);

/** Runs follow each other: newer files never overtake older ones, and there is one cluster at a time. */
const DEFAULT_MAX_EXECUTIONS = 1;

/** Enough for what passes by itself; what fails three times wants a person. */
const DEFAULT_MAX_ATTEMPTS = 3;

/** The longest that SQS keeps a message. */
const MESSAGE_RETENTION = Duration.days(14);

/** AWS's advice is 5 at least, so that throttling alone sends no message to the dead-letter queue. */
const MAX_RECEIVES = 5;

/** The most that SQS hands a function at once; its payload of 6 MB ends a batch before. Without a window it is 10. */
const LARGEST_BATCH = 10_000;
const LARGEST_BATCH_WITHOUT_WINDOW = 10;

/** The least that an event source may be told: more functions would only contend for the same files. */
const PARALLEL_BATCHES = 2;

/**
 * A run's plan of 10,000 files takes about 100 MB; the CPU that comes with 1 GB makes 100 transactions in a few
 * seconds.
 */
const FUNCTION_MEMORY_MIB = 1_024;

/** As long as Lambda allows: clusters take three minutes to end, containers two. It gives up by itself before. */
const TEARDOWN_TIMEOUT = Duration.minutes(15);
/** Of CloudFormation, for a function that dies without an answer: Lambda calls it again after 1 and after 2 minutes. */
const TEARDOWN_SERVICE_TIMEOUT = Duration.minutes(20);

/** Properties of an S3QueueTrigger. */
export interface S3QueueTriggerProps extends EtlFunctionOptions {
  /** The bucket in which files arrive. The trigger only reads it. */
  readonly bucket: IBucket;

  /**
   * Only keys that begin with this text are files to load.
   *
   * @default - every key, except those that end with `/` (folder markers, which are never files)
   */
  readonly prefix?: string;

  /**
   * Only keys that end with one of these texts are files to load, for instance `.csv` and `.csv.gz`. Upper and lower
   * case differ.
   *
   * @default - every key
   */
  readonly suffixes?: string[];

  /**
   * Smallest file that is loaded. A smaller one is REJECTED as it arrives, with its size as the reason.
   *
   * @default - any size: staging rejects files that are empty though they must have a header
   */
  readonly minFileSize?: Size;

  /**
   * Largest file that is loaded, as it is stored. A larger one is REJECTED as it arrives, with its size as the reason:
   * it keeps no other file waiting.
   *
   * @default - any size
   */
  readonly maxFileSize?: Size;

  /**
   * Way of the bucket's events to the queue.
   *
   * @default EventDelivery.S3_NOTIFICATION - costs nothing
   */
  readonly delivery?: EventDelivery;

  /**
   * Time that events are collected before their files are entered and a run begins: whole seconds, 0 to 300.
   *
   * @default Duration.seconds(60) - files that arrive together travel together
   */
  readonly batchingWindow?: Duration;

  /**
   * Most files that one execution gets, 1 to 50,000. Whatever waits when an execution may start goes with it, up to
   * this number.
   *
   * @default 10000 - claimed in about 5 seconds, and listed in about 4 MB
   */
  readonly maxFilesPerExecution?: number;

  /**
   * Most bytes that the files of one execution have together, as they are stored. A larger file travels alone.
   *
   * Raise it if your table or your steps take more: a run then shares one cluster start among more files.
   *
   * @default Size.mebibytes(512) - the default compute of both steps loads it within its time and disks, also if it is
   * gzip
   */
  readonly maxBytesPerExecution?: Size;

  /**
   * The shortest time between the beginnings of two runs: whole seconds, up to 7 days. A trickle of small files gathers
   * so long, instead of keeping a cluster up all day. A run that is full begins at once, and so does one that looks for
   * a bad file.
   *
   * @default - none: a run begins as soon as an execution may start
   */
  readonly minRunInterval?: Duration;

  /**
   * Most executions that run at once, 1 to 1,000. With more than one, a file may be loaded before one that arrived
   * earlier.
   *
   * @default 1 - runs follow each other in the order of arrival
   */
  readonly maxConcurrentExecutions?: number;

  /**
   * Attempts of a run in all, 1 to 10. Failures that would come again are not repeated: `Etl.Data`,
   * `Etl.Configuration`, time-outs, and executions that an operator aborts.
   *
   * @default 3 - enough for what passes by itself
   */
  readonly maxAttempts?: number;

  /**
   * The bucket in which runs keep their lists, copies of files and results, all below `runs/`. Yours should expire
   * `runs/` no earlier than after 90 days: so long Step Functions remembers executions.
   *
   * @default - a bucket of the trigger's own, encrypted, private, that expires `runs/` after 180 days
   */
  readonly workBucket?: IBucket;

  /**
   * The KMS key for the queues, the ledger and the work bucket.
   *
   * @default - keys that SQS, DynamoDB and S3 own
   */
  readonly encryptionKey?: IKey;

  /**
   * Fate of the ledger, the work bucket and the dead-letter queue when they leave the stack: RETAIN,
   * RETAIN_ON_UPDATE_OR_DELETE or DESTROY. With DESTROY the work bucket is emptied first, and the ledger is not
   * protected against deletion.
   *
   * @default RemovalPolicy.RETAIN - without the ledger, files that come again are loaded again
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Time that the ledger remembers files that are LOADED, REJECTED or FAILED: at least 30 days, longer than an event
   * can come back from the queue and the dead-letter queue. A file that it has forgotten is loaded again if it is
   * announced again, or by a backfill.
   *
   * @default - for ever; a million files, of 0.8 KB each, cost $0.20 a month
   */
  readonly ledgerRetention?: Duration;

  /**
   * Actions of the alarms, for instance a message to a topic. The alarms watch dead letters, the oldest waiting file (6
   * hours), failed runs, rejected files, pauses, sweeps that fail (3 in 5 minutes) and compute that does not end (30
   * minutes). The text of each alarm says what to do.
   *
   * @default - no alarms; seven cost $0.70 a month
   */
  readonly alarmActions?: cloudwatch.IAlarmAction[];
}

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
  private readonly functions: EtlFunctionOptions;
  private readonly ledger: FileLedger;
  private readonly arrivals: ArrivalsFunction;
  private readonly advance: AdvanceFunction;
  private readonly sweep: SweepFunction;
  private readonly teardown: TeardownFunction;
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
    this.functions = { logRetention: props.logRetention, tracing: props.tracing, architecture: props.architecture };

    this.deadLetterQueue = this.createQueue('DeadLetterQueue', props.encryptionKey, {
      retentionPeriod: MESSAGE_RETENTION,
      removalPolicy,
    });
    this.queue = this.createQueue('Queue', props.encryptionKey, {
      retentionPeriod: MESSAGE_RETENTION,
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: six times the time-out, and the
      // window
      visibilityTimeout: Duration.seconds(6 * LEDGER_FUNCTION_TIMEOUT_SECONDS).plus(batchingWindow),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVES },
    });
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

    this.arrivals = this.createArrivals(props, batchingWindow);
    this.advance = new AdvanceFunction(
      this,
      'Advance',
      this.functionOptions('Advance', 'Tries the runs again that failed, settles those that ended'),
    );
    this.sweep = new SweepFunction(this, 'Sweep', this.functionOptions('Sweep', 'Takes up what was left behind'));
    this.ledger.grantAdvance(this.advance);
    this.ledger.grantAdvance(this.sweep);
    this.teardown = new TeardownFunction(this, 'Teardown', {
      ...this.functionOptions('Teardown', 'Stops the runs before they lose what they need'),
      timeout: TEARDOWN_TIMEOUT,
    });
    this.ledger.grantClose(this.teardown);
    const operator = this.createOperator(props);
    this.operatorFunction = operator;

    this.events = new TriggerEvents(this, metricSourceName(this), [
      this.arrivals,
      this.advance,
      this.sweep,
      this.teardown,
      operator,
    ]);
    if (props.alarmActions) {
      new TriggerAlarms(this, 'Alarms', {
        trigger: this,
        deadLetterQueue: this.deadLetterQueue,
        sweep: this.sweep,
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
    new events.Rule(this, 'ExecutionEnded', {
      description: `Executions of ${stateMachine.node.path} that ended`,
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [stateMachine.stateMachineArn],
          status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [new targets.LambdaFunction(this.advance)],
    });
    const schedule = new events.Rule(this, 'EveryMinute', {
      description: `Runs the sweep of ${this.node.path}`,
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [new targets.LambdaFunction(this.sweep)],
    });
    orderDeletion({
      gates: [schedule, ...this.arrivals.node.findAll().filter(child => child instanceof lambda.CfnEventSourceMapping)],
      first: new CustomResource(this, 'StopRuns', {
        resourceType: 'Custom::StopRuns',
        serviceToken: this.teardown.functionArn,
        serviceTimeout: TEARDOWN_SERVICE_TIMEOUT,
      }),
      needed: [this, stateMachine, ...stopFunctions, ...teardownFunctions, ...dependencies],
    });
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

  private createOperator(props: S3QueueTriggerProps): lambda.Function {
    const operator = new OperatorFunction(this, 'Operator', {
      ...this.functionOptions('Operator', 'Does what an operator asks for'),
      timeout: Duration.seconds(OPERATOR_TIMEOUT_SECONDS),
    });
    operator.addEnvironment(OPERATOR_ENV.bucket, this.bucket.bucketName);
    this.filterFiles(operator, props);
    this.grantReadFiles(operator);
    this.ledger.grantOperate(operator);
    return operator;
  }

  /** Tells a function which objects are files to load. */
  private filterFiles(
    handler: lambda.Function,
    { prefix, suffixes, minFileSize, maxFileSize }: S3QueueTriggerProps,
  ): void {
    if (prefix) handler.addEnvironment(ARRIVALS_ENV.prefix, prefix);
    if (suffixes) handler.addEnvironment(ARRIVALS_ENV.suffixes, JSON.stringify(suffixes));
    if (minFileSize) handler.addEnvironment(ARRIVALS_ENV.minFileSize, String(minFileSize.toBytes()));
    if (maxFileSize) handler.addEnvironment(ARRIVALS_ENV.maxFileSize, String(maxFileSize.toBytes()));
  }

  private createArrivals(props: S3QueueTriggerProps, batchingWindow: Duration): ArrivalsFunction {
    const arrivals = new ArrivalsFunction(
      this,
      'Arrivals',
      this.functionOptions('Arrivals', 'Enters arrived files into the ledger'),
    );
    this.filterFiles(arrivals, props);
    this.grantReadFiles(arrivals);
    this.ledger.grantDispatch(arrivals);
    const hasWindow = batchingWindow.toSeconds() > 0;
    arrivals.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: hasWindow ? LARGEST_BATCH : LARGEST_BATCH_WITHOUT_WINDOW,
        maxBatchingWindow: hasWindow ? batchingWindow : undefined,
        maxConcurrency: PARALLEL_BATCHES,
        reportBatchItemFailures: true,
      }),
    );
    return arrivals;
  }

  private createQueue(id: string, encryptionMasterKey: IKey | undefined, props: sqs.QueueProps): sqs.Queue {
    return new sqs.Queue(this, id, {
      // never the key that AWS manages for SQS: S3 may not use it, and events would be lost.
      // https://github.com/aws/aws-cdk/issues/14370
      encryption: encryptionMasterKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED,
      encryptionMasterKey,
      enforceSSL: true,
      ...props,
    });
  }

  private functionOptions(id: string, description: string): lambda.FunctionOptions {
    const role = new iam.Role(this, `${id}Role`, {
      description: `${description} (${this.node.path})`,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    return {
      ...functionOptions(this, `${id}Logs`, role, this.functions),
      description: `${description} (${this.node.path})`,
      environment: metricEnvironment(this, 'trigger'),
      timeout: Duration.seconds(LEDGER_FUNCTION_TIMEOUT_SECONDS),
      memorySize: FUNCTION_MEMORY_MIB,
    };
  }
}
