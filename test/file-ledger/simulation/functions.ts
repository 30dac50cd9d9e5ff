import { readFileSync } from 'fs';
import { join } from 'path';
import { startBundle, type Handler } from './bundle';
import { send } from './processes';
import type { Settings } from './scenario';
import { STEP_ID } from './state-machine';
import { STEP_ENV } from '../../../src/etl-step/contract';
import { LEDGER_ENV } from '../../../src/file-ledger/contract';
import { OPERATOR_ENV } from '../../../src/operator/contract';
import { LANDING_BUCKET, STATE_MACHINE, TABLE, WORK_BUCKET } from '../fake-aws';

const BUNDLES = {
  arrivals: 's3-queue-trigger/runtime/arrivals.lambda',
  advance: 's3-queue-trigger/runtime/advance.lambda',
  sweep: 's3-queue-trigger/runtime/sweep.lambda',
  operator: 'operator/runtime/operator.lambda',
  /** Launches, checks and stops. */
  step: 'fargate-redshift-step/runtime/fargate-redshift.lambda',
} as const;

export type FunctionName = keyof typeof BUNDLES;

export const FUNCTION_NAMES = Object.keys(BUNDLES) as FunctionName[];

/** Where a function's source is, below `src`. */
export const sourceOf = (name: FunctionName): string => `${BUNDLES[name]}.ts`;

/** What the world at hand lends its functions. */
export interface Lent {
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  readonly settings: Settings;
}

/** The functions, started once like those of warm Lambdas, and used by one world after the other. */
export class Functions {
  /** The bundles that ship. */
  public static shipped(): Functions {
    return new Functions(name => readFileSync(join(__dirname, '../../../assets', BUNDLES[name], 'index.js'), 'utf8'));
  }

  public readonly handlers: Record<FunctionName, Handler>;
  private lent?: Lent;
  private readonly environment: Record<string, string | undefined> = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    [LEDGER_ENV.table]: TABLE,
    [LEDGER_ENV.workBucket]: WORK_BUCKET,
    [LEDGER_ENV.stateMachine]: STATE_MACHINE,
    [LEDGER_ENV.stopFunctions]: 'step',
    [STEP_ENV.stepId]: STEP_ID,
    [OPERATOR_ENV.bucket]: LANDING_BUCKET,
  };

  /** @param textOf the text of a function's bundle */
  constructor(textOf: (name: FunctionName) => string) {
    const surroundings = {
      environment: this.environment,
      now: () => this.lent!.now(),
      randomBytes: (size: number) => this.lent!.randomBytes(size),
      server: send,
    };
    this.handlers = Object.fromEntries(
      FUNCTION_NAMES.map(name => [name, startBundle(textOf(name), surroundings)]),
    ) as Record<FunctionName, Handler>;
  }

  public enter(lent: Lent): void {
    this.lent = lent;
    Object.assign(this.environment, {
      [LEDGER_ENV.maxFiles]: String(lent.settings.maxFiles),
      [LEDGER_ENV.maxExecutions]: String(lent.settings.maxExecutions),
      [LEDGER_ENV.maxAttempts]: String(lent.settings.maxAttempts),
      [LEDGER_ENV.pauseAfter]: String(lent.settings.pauseAfter),
    });
  }
}
