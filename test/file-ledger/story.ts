import { createHash } from 'crypto';
import type { CloudFormationCustomResourceEvent, Context, SQSEvent } from 'aws-lambda';
import { FakeAws, LANDING_BUCKET, STATE_MACHINE, TABLE, WORK_BUCKET, type FakeObject, type Fault } from './fake-aws';
import {
  LEDGER_ENV,
  type FileItem,
  type Pause,
  type RunItem,
  type RunOutcome,
  type SlotsItem,
} from '../../src/file-ledger/contract';
import { OPERATOR_ENV } from '../../src/operator/contract';
import { handler as operator } from '../../src/operator/runtime/operator.lambda';
import { ARRIVALS_ENV } from '../../src/s3-queue-trigger/contract';
import { handler as advance } from '../../src/s3-queue-trigger/runtime/advance.lambda';
import { handler as arrivals } from '../../src/s3-queue-trigger/runtime/arrivals.lambda';
import { handler as sweep } from '../../src/s3-queue-trigger/runtime/sweep.lambda';
import { handler as teardown } from '../../src/s3-queue-trigger/runtime/teardown.lambda';

export { LANDING_BUCKET };

export interface StoryOptions {
  readonly maxFiles?: number;
  readonly maxBytes?: number;
  readonly maxExecutions?: number;
  readonly maxAttempts?: number;
  readonly pauseAfter?: number;
  readonly minRunIntervalSeconds?: number;
  readonly stopFunctions?: string[];
  readonly teardownFunctions?: string[];
  readonly prefix?: string;
  readonly suffixes?: string[];
  readonly minFileSize?: number;
  readonly maxFileSize?: number;
  readonly retentionSeconds?: number;
  readonly fault?: Fault;
}

/** Drives the three handlers against the fake, as queue, events and schedule would. */
export class Story {
  public readonly aws: FakeAws;
  public remainingMilliseconds = 180_000;
  private uploads = 0;

  constructor(options: StoryOptions = {}) {
    this.aws = new FakeAws(options.fault);
    this.aws.maxExecutions = options.maxExecutions ?? 1;
    const environment = {
      [LEDGER_ENV.table]: TABLE,
      [LEDGER_ENV.workBucket]: WORK_BUCKET,
      [LEDGER_ENV.stateMachine]: STATE_MACHINE,
      [LEDGER_ENV.maxFiles]: String(options.maxFiles ?? 100),
      [LEDGER_ENV.maxBytes]: options.maxBytes && String(options.maxBytes),
      [LEDGER_ENV.maxExecutions]: String(options.maxExecutions ?? 1),
      [LEDGER_ENV.maxAttempts]: String(options.maxAttempts ?? 3),
      [LEDGER_ENV.pauseAfter]: String(options.pauseAfter ?? 9),
      [LEDGER_ENV.minRunIntervalSeconds]: options.minRunIntervalSeconds && String(options.minRunIntervalSeconds),
      [LEDGER_ENV.stopFunctions]: options.stopFunctions?.join(','),
      [LEDGER_ENV.teardownFunctions]: options.teardownFunctions?.join(','),
      [ARRIVALS_ENV.prefix]: options.prefix,
      [ARRIVALS_ENV.suffixes]: options.suffixes && JSON.stringify(options.suffixes),
      [ARRIVALS_ENV.minFileSize]: options.minFileSize && String(options.minFileSize),
      [ARRIVALS_ENV.maxFileSize]: options.maxFileSize && String(options.maxFileSize),
      [LEDGER_ENV.retentionSeconds]: options.retentionSeconds && String(options.retentionSeconds),
      [OPERATOR_ENV.bucket]: LANDING_BUCKET,
    };
    for (const [name, value] of Object.entries(environment)) {
      if (value) process.env[name] = value;
      else delete process.env[name];
    }
  }

  /** Puts an object into the landing bucket; returns the message that announces it. */
  public upload(key: string, object: Partial<FakeObject> = {}): string {
    const number = ++this.uploads;
    const time = new Date(Date.now() + number * 1000);
    const stored: FakeObject = {
      etag: `etag-${number}`,
      versionId: `version-${number}`,
      size: 10,
      lastModified: time,
      ...object,
    };
    this.aws.landingObjects.set(`${LANDING_BUCKET}/${key}`, stored);
    this.aws.landingVersions.set(`${LANDING_BUCKET}/${key}?${stored.versionId}`, stored);
    return JSON.stringify({
      Records: [
        {
          eventName: 'ObjectCreated:Put',
          eventTime: time.toISOString(),
          s3: {
            bucket: { name: LANDING_BUCKET },
            object: {
              key: encodeURIComponent(key).replaceAll('%20', '+'),
              size: stored.size,
              eTag: stored.etag,
              versionId: stored.versionId,
              sequencer: `00${number}`,
            },
          },
        },
      ],
    });
  }

  /** Hands a batch of messages to the arrivals function; returns the numbers of those that failed. */
  public async receive(...messages: string[]): Promise<number[]> {
    const Records = messages.map((body, index) => ({ messageId: String(index), body }));
    const { batchItemFailures } = await arrivals({ Records } as SQSEvent, this.context());
    return batchItemFailures.map(failure => Number(failure.itemIdentifier));
  }

  /** Ends a running execution and sends its event. */
  public async end(name: string, status: RunOutcome, error?: string, cause?: string): Promise<void> {
    this.aws.endExecution(name, status, error, cause);
    await this.event(name);
  }

  public async event(name: string): Promise<void> {
    await advance({ detail: { name } } as Parameters<typeof advance>[0], this.context());
  }

  public async sweep(): Promise<void> {
    await sweep({}, this.context());
  }

  /** Hands a request of CloudFormation to the teardown function, which has a quarter of an hour. */
  public async teardown(request: CloudFormationCustomResourceEvent): Promise<void> {
    const end = Date.now() + 15 * 60_000;
    await teardown(request, { getRemainingTimeInMillis: () => end - Date.now() } as Context);
  }

  /** Sends a payload to the operator function. */
  public async operate(payload: unknown): Promise<any> {
    return operator(payload, this.context());
  }

  /** The one execution that runs. */
  public running(): string {
    const [name, ...others] = this.aws.running();
    if (!name || others.length > 0) {
      throw new Error(`one execution must run, these do: ${this.aws.running().join(', ')}`);
    }
    return name;
  }

  public file(key: string): FileItem {
    return this.files().find(file => file.key === key)!;
  }

  /** Oldest first. */
  public files(): FileItem[] {
    return [...this.aws.items.values()]
      .filter(item => 'key' in item)
      .sort((one, other) => (one.arrived! < other.arrived! ? -1 : 1)) as unknown as FileItem[];
  }

  /** In the order in which they were entered. */
  public runs(): RunItem[] {
    return [...this.aws.items.values()].filter(item => 'attempt' in item) as unknown as RunItem[];
  }

  public slots(): { live: string[]; failed: string[] } {
    const slots = this.aws.items.get('slots') as unknown as SlotsItem | undefined;
    return { live: [...(slots?.live ?? [])], failed: [...(slots?.failed ?? [])] };
  }

  public paused(): Pause | undefined {
    return (this.aws.items.get('slots') as unknown as SlotsItem | undefined)?.paused;
  }

  public statuses(): Record<string, string> {
    return Object.fromEntries(this.files().map(file => [file.key, file.status]));
  }

  private context(): Context {
    return { getRemainingTimeInMillis: () => this.remainingMilliseconds } as Context;
  }
}

/** Fixes and moves the time, and nothing else. */
export function fakeTime(start: string): { advanceMinutes(minutes: number): void } {
  const everythingElse = [
    'hrtime',
    'nextTick',
    'performance',
    'queueMicrotask',
    'setImmediate',
    'clearImmediate',
    'setInterval',
    'clearInterval',
    'setTimeout',
    'clearTimeout',
  ] as const;
  jest.useFakeTimers({ now: new Date(start), doNotFake: [...everythingElse] });
  return { advanceMinutes: minutes => jest.setSystemTime(Date.now() + minutes * 60_000) };
}

/** The id that a file must have, spelled out once more. */
export function expectedId(key: string, ...version: string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([LANDING_BUCKET, key, ...version]))
    .digest('hex');
}
