import { RemovalPolicy } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** As long as what happened is likely to be asked for. */
const DEFAULT_LOG_RETENTION = logs.RetentionDays.ONE_MONTH;

/** Logging, tracing and architecture of a construct's Lambda functions. */
export interface EtlFunctionOptions {
  /**
   * Retention of the logs: of the functions, and of the state machine or the tasks that the construct makes. They hold
   * names of files, never rows.
   *
   * @default RetentionDays.ONE_MONTH - as long as what happened is likely to be asked for
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Whether X-Ray traces the functions. ACTIVE adds a permission on every resource, because X-Ray knows no other.
   *
   * @default - the functions are traced where their caller is
   */
  readonly tracing?: lambda.Tracing;

  /**
   * The processor that the functions run on; ARM_64 costs a fifth less.
   *
   * @default Architecture.X86_64 - there in every region
   */
  readonly architecture?: lambda.Architecture;
}

/** A log group that goes with the stack. */
export function createLogGroup(
  scope: Construct,
  id: string,
  { logRetention }: EtlFunctionOptions,
  props: logs.LogGroupProps = {},
): logs.LogGroup {
  return new logs.LogGroup(scope, id, {
    retention: logRetention ?? DEFAULT_LOG_RETENTION,
    removalPolicy: RemovalPolicy.DESTROY,
    ...props,
  });
}

/**
 * Parts of every function: its role, and a log group of its own, the only one that it may write to. Lambda's managed
 * policy would let it write into all.
 */
export function functionOptions(
  scope: Construct,
  logsId: string,
  role: iam.Role,
  options: EtlFunctionOptions,
): lambda.FunctionOptions {
  const logGroup = createLogGroup(scope, logsId, options);
  logGroup.grantWrite(role);
  return { role, logGroup, tracing: options.tracing, architecture: options.architecture };
}
