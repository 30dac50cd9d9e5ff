import { CfnDeletionPolicy, type Duration, Lazy, type RemovalPolicy, type Size, Tokenization } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { EXPIRES_ATTRIBUTE, filesKey, LEDGER_ENV, planKey, WAITING_INDEX } from './contract';
import { runFolder } from '../etl-step/contract';

// One bad file that no error names is found by halves, ceil(log2(maxFiles)) of them, and once more alone: that must not
// pause the pipeline.
const SPARE_FAILURES = 2;
const LEAST_PAUSE_AFTER = 5;

export interface FileLedgerProps {
  readonly workBucket: IBucket;
  readonly encryptionKey?: IKey;
  readonly removalPolicy: RemovalPolicy;
  readonly maxFilesPerExecution: number;
  readonly maxBytesPerExecution?: Size;
  readonly maxConcurrentExecutions: number;
  readonly maxAttempts: number;
  readonly retention?: Duration;
  readonly minRunInterval?: Duration;
}

/** What ends the compute of runs, and what ends that which is kept between them. */
export interface ComputeFunctions {
  readonly stopFunctions: lambda.IFunction[];
  readonly teardownFunctions: lambda.IFunction[];
}

/** The ledger of files and runs (docs/ledger.md): its table, and the permissions of the functions that drive it. */
export class FileLedger extends Construct {
  public readonly table: dynamodb.Table;
  private readonly props: FileLedgerProps;
  private readonly dispatchers: lambda.Function[] = [];
  private readonly advancers: lambda.Function[] = [];
  private readonly closers: lambda.Function[] = [];

  constructor(scope: Construct, id: string, props: FileLedgerProps) {
    super(scope, id);
    this.props = props;
    this.table = new dynamodb.Table(this, 'Table', {
      partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: props.encryptionKey ? dynamodb.TableEncryption.CUSTOMER_MANAGED : dynamodb.TableEncryption.DEFAULT,
      encryptionKey: props.encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: EXPIRES_ATTRIBUTE,
      removalPolicy: props.removalPolicy,
    });
    const resource = this.table.node.defaultChild as dynamodb.CfnTable;
    // whoever decides that it is deleted with the stack: the trigger's property, or a policy for the whole app
    resource.deletionProtectionEnabled = Lazy.any({
      produce: () => resource.cfnOptions.deletionPolicy !== CfnDeletionPolicy.DELETE,
    });
    this.table.addGlobalSecondaryIndex({
      indexName: WAITING_INDEX,
      partitionKey: { name: 'waiting', type: dynamodb.AttributeType.NUMBER },
      sortKey: { name: 'arrived', type: dynamodb.AttributeType.STRING },
      projectionType: dynamodb.ProjectionType.ALL,
    });
  }

  /** Lets a function enter files and begin runs. */
  public grantDispatch(handler: lambda.Function): void {
    this.dispatchers.push(handler);
    const { workBucket, encryptionKey, maxBytesPerExecution, minRunInterval } = this.props;
    const environment = {
      [LEDGER_ENV.table]: this.table.tableName,
      [LEDGER_ENV.workBucket]: workBucket.bucketName,
      [LEDGER_ENV.maxFiles]: String(this.props.maxFilesPerExecution),
      ...(maxBytesPerExecution && { [LEDGER_ENV.maxBytes]: String(maxBytesPerExecution.toBytes()) }),
      [LEDGER_ENV.maxExecutions]: Tokenization.stringifyNumber(this.props.maxConcurrentExecutions),
      [LEDGER_ENV.maxAttempts]: Tokenization.stringifyNumber(this.props.maxAttempts),
      ...(minRunInterval && { [LEDGER_ENV.minRunIntervalSeconds]: String(minRunInterval.toSeconds()) }),
      [LEDGER_ENV.pauseAfter]: String(pauseAfter(this.props.maxFilesPerExecution)),
      ...this.retention,
    };
    Object.entries(environment).forEach(([name, value]) => handler.addEnvironment(name, value));
    allow(handler, {
      sid: 'UseLedger',
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      resources: [this.table.tableArn],
    });
    allow(handler, { sid: 'FindWaitingFiles', actions: ['dynamodb:Query'], resources: [this.waitingIndexArn] });
    allow(handler, {
      sid: 'WritePlansAndLists',
      actions: ['s3:PutObject'],
      resources: [planKey('*'), filesKey('*')].map(key => workBucket.arnForObjects(key)),
    });
    for (const key of new Set([encryptionKey, workBucket.encryptionKey])) key?.grant(handler, ...KEY_ACTIONS);
  }

  /** Lets a function also follow runs to their end. */
  public grantAdvance(handler: lambda.Function): void {
    this.grantDispatch(handler);
    this.advancers.push(handler);
    const { workBucket } = this.props;
    allow(handler, {
      sid: 'ReadRuns', // plans, lists, what staging rejected, results of steps
      actions: ['s3:GetObject'],
      resources: [workBucket.arnForObjects(`${runFolder('*')}*.json`)],
    });
    this.allowListingWorkBucket(handler);
  }

  /**
   * Lets an operator's function look at everything in the ledger, put files back, set them aside, and pause. It starts
   * nothing.
   */
  public grantOperate(handler: lambda.Function): void {
    const { workBucket, encryptionKey } = this.props;
    const environment = {
      [LEDGER_ENV.table]: this.table.tableName,
      [LEDGER_ENV.workBucket]: workBucket.bucketName,
      [LEDGER_ENV.pauseAfter]: String(pauseAfter(this.props.maxFilesPerExecution)),
      ...this.retention,
    };
    Object.entries(environment).forEach(([name, value]) => handler.addEnvironment(name, value));
    allow(handler, {
      sid: 'UseLedger',
      actions: [
        'dynamodb:BatchGetItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Scan',
        'dynamodb:UpdateItem',
      ],
      resources: [this.table.tableArn],
    });
    allow(handler, { sid: 'FindWaitingFiles', actions: ['dynamodb:Query'], resources: [this.waitingIndexArn] });
    allow(handler, {
      sid: 'ReadListsOfRuns',
      actions: ['s3:GetObject'],
      resources: [workBucket.arnForObjects(filesKey('*'))],
    });
    this.allowListingWorkBucket(handler);
    encryptionKey?.grant(handler, ...KEY_ACTIONS); // DynamoDB asks for them
    if (workBucket.encryptionKey !== encryptionKey) workBucket.encryptionKey?.grantDecrypt(handler);
  }

  /** Lets a function also end the runs that go on: it begins those that are not begun, ends all, and settles them. */
  public grantClose(handler: lambda.Function): void {
    this.grantAdvance(handler);
    this.closers.push(handler);
  }

  /** Tells the functions which state machine to start, and what ends its compute. Called once, after the grants. */
  public startExecutionsOf(stateMachine: IStateMachine, { stopFunctions, teardownFunctions }: ComputeFunctions): void {
    for (const handler of this.dispatchers) {
      handler.addEnvironment(LEDGER_ENV.stateMachine, stateMachine.stateMachineArn);
      allow(handler, {
        sid: 'StartExecutions',
        actions: ['states:StartExecution'],
        resources: [stateMachine.stateMachineArn],
      });
    }
    for (const handler of this.closers) {
      allow(handler, {
        sid: 'ListExecutions',
        actions: ['states:ListExecutions'],
        resources: [stateMachine.stateMachineArn],
      });
      stateMachine.grantExecution(handler, 'states:StopExecution');
      letInvoke(handler, 'EndKeptCompute', LEDGER_ENV.teardownFunctions, teardownFunctions);
    }
    for (const handler of this.advancers) {
      stateMachine.grantExecution(handler, 'states:DescribeExecution');
      letInvoke(handler, 'StopCompute', LEDGER_ENV.stopFunctions, stopFunctions);
    }
  }

  private get retention(): { [name: string]: string } {
    const { retention } = this.props;
    return retention ? { [LEDGER_ENV.retentionSeconds]: String(retention.toSeconds()) } : {};
  }

  private get waitingIndexArn(): string {
    return `${this.table.tableArn}/index/${WAITING_INDEX}`;
  }

  /** Also makes S3 answer "missing" (404) instead of "forbidden"; a condition on the prefix would spoil that. */
  private allowListingWorkBucket(handler: lambda.Function): void {
    allow(handler, { sid: 'ListWorkBucket', actions: ['s3:ListBucket'], resources: [this.props.workBucket.bucketArn] });
  }
}

/** Failed runs in a row after which no run begins any more. */
function pauseAfter(maxFiles: number): number {
  return Math.max(LEAST_PAUSE_AFTER, Math.ceil(Math.log2(maxFiles)) + SPARE_FAILURES);
}

// what DynamoDB and S3 ask of whoever uses their encrypted data; grantEncryptDecrypt would allow every ReEncrypt* and
// GenerateDataKey*
const KEY_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

function letInvoke(handler: lambda.Function, sid: string, variable: string, functions: lambda.IFunction[]): void {
  if (functions.length === 0) return;
  const resources = functions.map(({ functionArn }) => functionArn);
  handler.addEnvironment(variable, resources.join(','));
  allow(handler, { sid, actions: ['lambda:InvokeFunction'], resources });
}

function allow(handler: lambda.Function, statement: iam.PolicyStatementProps): void {
  handler.addToRolePolicy(new iam.PolicyStatement(statement));
}
