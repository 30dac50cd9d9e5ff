import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { Item } from './expressions';
import { FakeTable, TABLE } from './fake-table';
import type { ExecutionInput, LedgerFile, RunOutcome } from '../../src/file-ledger/contract';

export { TABLE };
export const WORK_BUCKET = 'work';
export const LANDING_BUCKET = 'landing';
export const STATE_MACHINE = 'arn:aws:states:eu-west-1:111122223333:stateMachine:load';
const EXECUTION = STATE_MACHINE.replace('stateMachine', 'execution');

/** An object of the landing bucket, as HeadObject shows it. */
export interface FakeObject {
  readonly etag: string;
  readonly versionId?: string;
  readonly size: number;
  readonly lastModified: Date;
  readonly metadata?: Record<string, string>;
}

interface FakeExecution {
  readonly input: ExecutionInput;
  readonly files: LedgerFile[];
  readonly started: Date;
  status: 'RUNNING' | RunOutcome;
  stopped?: Date;
  error?: string;
  cause?: string;
}

/** The process that made the call is gone: nothing that it calls afterwards happens any more. */
export class Crash extends Error {}

/** A call that is cut off, and whether it takes effect before. */
export interface Fault {
  /** 1 is the first of all. */
  readonly call: number;
  readonly when: 'before' | 'after';
}

/**
 * DynamoDB, S3, Step Functions and Lambda in memory, behind the SDK's clients: just enough for the ledger, with its
 * invariants checked at every start. Any call that it does not know fails.
 */
export class FakeAws {
  public readonly items = new Map<string, Item>();
  public readonly workObjects = new Map<string, string>();
  /** By bucket/key. */
  public readonly landingObjects = new Map<string, FakeObject>();
  /** By bucket/key?version: also those that a later upload has hidden. */
  public readonly landingVersions = new Map<string, FakeObject>();
  public readonly executions = new Map<string, FakeExecution>();
  public readonly calls: string[] = [];
  /** What the waiting files' index shows instead of the truth. */
  public staleIndex?: Item[];
  /** Answers of the stop functions, by name. */
  public readonly stops = new Map<string, (event: unknown) => unknown>();
  public maxExecutions = 1;
  /** What came to the event bus, in order. */
  public readonly events: { detailType: string; detail: any }[] = [];
  /** Which of the next events the bus refuses, by turns. */
  public readonly refusedEvents: boolean[] = [];
  /** Items that one call of BatchGetItem answers, and one of Scan; objects that one of ListObjectsV2 lists. */
  public batchGetLimit = 100;
  public scanLimit = 1_000;
  public listLimit = 1_000;
  /** Calls that are under way, and the most that there ever were. */
  public readonly inFlight = { now: 0, most: 0 };

  private readonly table = new FakeTable(this.items);
  private dead = false;
  private readonly interventions = new Map<string, (() => void)[]>();

  /** Number of turns that a call waits before it takes effect: lets processes overtake each other. */
  public delay: () => number;

  /** @param fault cuts one call off, and with it the process that makes it */
  constructor(private readonly fault?: Fault) {
    this.delay = () => 0;
    const effects = new Map<unknown, [string, (input: any) => unknown]>([
      [GetCommand, ['GetItem', input => this.table.getItem(input)]],
      [BatchGetCommand, ['BatchGetItem', input => this.table.batchGetItem(input, this.batchGetLimit)]],
      [ScanCommand, ['Scan', input => this.table.scan(input, this.scanLimit)]],
      [PutCommand, ['PutItem', input => this.table.putItem(input)]],
      [UpdateCommand, ['UpdateItem', input => this.table.updateItem(input)]],
      [QueryCommand, ['Query', input => this.table.query(input, this.staleIndex)]],
      [TransactWriteCommand, ['TransactWriteItems', input => this.table.transactWrite(input)]],
      [GetObjectCommand, ['GetObject', input => this.getObject(input)]],
      [PutObjectCommand, ['PutObject', input => this.putObject(input)]],
      [ListObjectsV2Command, ['ListObjectsV2', input => this.listObjects(input)]],
      [HeadObjectCommand, ['HeadObject', input => this.headObject(input)]],
      [StartExecutionCommand, ['StartExecution', input => this.startExecution(input)]],
      [DescribeExecutionCommand, ['DescribeExecution', input => this.describeExecution(input)]],
      [ListExecutionsCommand, ['ListExecutions', input => this.listExecutions(input)]],
      [StopExecutionCommand, ['StopExecution', input => this.stopExecution(input)]],
      [PutEventsCommand, ['PutEvents', input => this.putEvents(input)]],
      [InvokeCommand, ['Invoke', input => this.invoke(input)]],
    ]);
    const send = async (command: any): Promise<any> => {
      const [name, effect] = effects.get(command.constructor) ?? [];
      if (!name) throw new Error(`the fake does not know ${command.constructor.name}`);
      this.inFlight.most = Math.max(this.inFlight.most, ++this.inFlight.now);
      for (let turns = this.delay(); turns > 0; turns--) await new Promise(resolve => setImmediate(resolve));
      this.inFlight.now--;
      return this.call(name, () => effect!(command.input));
    };
    // on the stub itself: `on(command)` compares the input with all earlier ones, which takes most of a long test's
    // time
    mockClient(DynamoDBDocumentClient).send.callsFake(send);
    mockClient(S3Client).send.callsFake(send);
    mockClient(SFNClient).send.callsFake(send);
    mockClient(LambdaClient).send.callsFake(send);
    mockClient(EventBridgeClient).send.callsFake(send);
  }

  /** Begins a new process: lets calls through again. True if the one before has crashed. */
  public restart(): boolean {
    const crashed = this.dead;
    this.dead = false;
    return crashed;
  }

  /** The next call of that name fails with the error. */
  public refuseNext(name: string, error: Error): void {
    this.beforeNext(name, () => {
      throw error;
    });
  }

  /** Somebody else does something right before the next call of that name takes effect. */
  public beforeNext(name: string, action: () => void): void {
    this.interventions.set(name, [...(this.interventions.get(name) ?? []), action]);
  }

  public endExecution(name: string, status: RunOutcome, error?: string, cause?: string): void {
    const execution = this.executions.get(name);
    if (execution?.status !== 'RUNNING') throw new Error(`${name} does not run`);
    Object.assign(execution, { status, error, cause, stopped: new Date(execution.started.getTime() + 90_000) });
  }

  public running(): string[] {
    return [...this.executions].filter(([, { status }]) => status === 'RUNNING').map(([name]) => name);
  }

  public item(id: string): Item | undefined {
    return this.items.get(id);
  }

  private call<Output>(name: string, effect: () => Output): Output {
    if (this.dead) throw new Crash('the process is dead');
    this.calls.push(name);
    const cut = this.calls.length === this.fault?.call;
    if (cut) this.dead = true;
    if (cut && this.fault.when === 'before') throw new Crash(`cut off before ${name}`);
    this.interventions.get(name)?.shift()?.();
    const output = effect();
    if (cut) throw new Crash(`cut off after ${name}`);
    return output;
  }

  // ---- S3

  private getObject({ Bucket, Key }: any) {
    if (Bucket !== WORK_BUCKET) throw new Error(`no bucket ${Bucket}`);
    const body = this.workObjects.get(Key);
    if (body === undefined) throw new NoSuchKey({ message: Key, $metadata: { httpStatusCode: 404 } });
    return { Body: { transformToString: async () => body } };
  }

  private putObject({ Bucket, Key, Body }: any) {
    if (Bucket !== WORK_BUCKET) throw new Error(`no bucket ${Bucket}`);
    this.workObjects.set(Key, Body);
    return {};
  }

  private listObjects({ Bucket, Prefix, Delimiter, StartAfter }: any) {
    if (Bucket === LANDING_BUCKET && !Delimiter) return this.listLanding(Prefix, StartAfter);
    if (Bucket !== WORK_BUCKET || Delimiter !== '/') throw new Error(`unexpected listing of ${Bucket}`);
    const below = [...this.workObjects.keys()].filter(
      key => key.startsWith(Prefix) && key.indexOf('/', Prefix.length) > 0,
    );
    return {
      CommonPrefixes: [...new Set(below.map(key => key.slice(0, key.indexOf('/', Prefix.length) + 1)))].map(prefix => ({
        Prefix: prefix,
      })),
    };
  }

  private listLanding(prefix: string, startAfter = '') {
    const objects = [...this.landingObjects]
      .map(([path, object]) => ({
        Key: path.slice(LANDING_BUCKET.length + 1),
        LastModified: object.lastModified,
        ETag: `"${object.etag}"`,
      }))
      .filter(({ Key }) => Key.startsWith(prefix) && Key > startAfter)
      .sort((one, other) => (one.Key < other.Key ? -1 : 1));
    return { Contents: objects.slice(0, this.listLimit), IsTruncated: objects.length > this.listLimit };
  }

  private headObject({ Bucket, Key, VersionId, IfMatch }: any) {
    const object = VersionId
      ? this.landingVersions.get(`${Bucket}/${Key}?${VersionId}`)
      : this.landingObjects.get(`${Bucket}/${Key}`);
    if (!object) throw s3Failure(404);
    if (IfMatch && IfMatch !== `"${object.etag}"`) throw s3Failure(412);
    return {
      ETag: `"${object.etag}"`,
      VersionId: object.versionId,
      ContentLength: object.size,
      LastModified: object.lastModified,
      ContentType: 'text/csv',
      Metadata: object.metadata ?? {},
    };
  }

  // ---- Step Functions and Lambda

  private startExecution({ stateMachineArn, name, input }: any) {
    if (stateMachineArn !== STATE_MACHINE) throw new Error(`no state machine ${stateMachineArn}`);
    if (this.executions.has(name)) throw new ExecutionAlreadyExists({ message: name, $metadata: {} });
    const parsed = JSON.parse(input) as ExecutionInput;
    const list = JSON.parse(this.workObjects.get(parsed.files.key)!) as LedgerFile[];
    this.checkInvariants(parsed, list);
    this.executions.set(name, { input: parsed, files: list, started: new Date(), status: 'RUNNING' });
    return {};
  }

  private describeExecution({ executionArn }: any) {
    const execution = this.executions.get(executionArn.slice(EXECUTION.length + 1));
    if (!execution) throw new ExecutionDoesNotExist({ message: executionArn, $metadata: {} });
    const { status, error, cause, started, stopped, input } = execution;
    return { status, error, cause, startDate: started, stopDate: stopped, input: JSON.stringify(input) };
  }

  /** A page holds one execution. */
  private listExecutions({ stateMachineArn, statusFilter, nextToken = '0' }: any) {
    if (stateMachineArn !== STATE_MACHINE || statusFilter !== 'RUNNING') {
      throw new Error(`unexpected listing of ${stateMachineArn}`);
    }
    const names = this.running();
    const next = Number(nextToken) + 1;
    return {
      executions: names.slice(next - 1, next).map(name => ({ name, executionArn: `${EXECUTION}:${name}` })),
      nextToken: next < names.length ? String(next) : undefined,
    };
  }

  private stopExecution({ executionArn, error, cause }: any) {
    const execution = this.executions.get(executionArn.slice(EXECUTION.length + 1));
    if (!execution) throw new ExecutionDoesNotExist({ message: executionArn, $metadata: {} });
    if (execution.status === 'RUNNING') {
      Object.assign(execution, { status: 'ABORTED', error, cause, stopped: new Date() });
    }
    return {};
  }

  private putEvents({ Entries }: any) {
    if (Entries.length > 10) throw new Error(`a call takes at most 10 events, got ${Entries.length}`);
    const answers = Entries.map(({ Source, DetailType, Detail, EventBusName }: any) => {
      if (Source !== 'cdk-etl-steps' || EventBusName !== undefined) throw new Error(`unexpected source ${Source}`);
      if (this.refusedEvents.shift()) return { ErrorCode: 'ThrottlingException', ErrorMessage: 'too many' };
      this.events.push({ detailType: DetailType, detail: JSON.parse(Detail) });
      return { EventId: String(this.events.length) };
    });
    return { FailedEntryCount: answers.filter((answer: any) => answer.ErrorCode).length, Entries: answers };
  }

  private invoke({ FunctionName, Payload }: any) {
    const stop = this.stops.get(FunctionName);
    if (!stop) throw new Error(`no function ${FunctionName}`);
    const answer = stop(JSON.parse(Payload));
    const failed = answer instanceof Error;
    return {
      FunctionError: failed ? 'Unhandled' : undefined,
      Payload: { transformToString: () => JSON.stringify(failed ? { errorMessage: answer.message } : answer) },
    };
  }

  /** What must be true whenever an execution starts, whatever happened before. */
  private checkInvariants(input: ExecutionInput, files: LedgerFile[]): void {
    const live = this.items.get('slots')?.live as Set<string> | undefined;
    if (!live?.has(input.runId)) throw new Error(`${input.runId} starts without a slot`);
    const run = this.items.get(input.runId);
    if (run?.status !== 'RUNNING' || (run.attempt as number) < input.attempt) {
      throw new Error(`attempt ${input.attempt} of ${input.runId} starts before its item says so`);
    }
    const running = [...this.executions.values()].filter(({ status }) => status === 'RUNNING');
    if (running.length >= this.maxExecutions) throw new Error(`${running.length + 1} executions at once`);
    if (running.some(execution => execution.input.runId === input.runId)) {
      throw new Error(`two attempts of ${input.runId} at once`);
    }
    const taken = new Set(running.flatMap(execution => execution.files.map(file => file.id)));
    if (files.some(file => taken.has(file.id))) throw new Error('a file is in two runs at once');
    if (files.length !== input.files.count) {
      throw new Error(`the list has ${files.length} files, the input says ${input.files.count}`);
    }
  }
}

export function s3Failure(status: number): S3ServiceException {
  return new S3ServiceException({
    name: String(status),
    message: `status ${status}`,
    $fault: 'client',
    $metadata: { httpStatusCode: status },
  });
}
