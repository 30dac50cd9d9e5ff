import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { AdvanceFunction } from './advance-function';
import { ArrivalsFunction } from './arrivals-function';
import { ARRIVALS_ENV } from './contract';
import type { S3QueueTriggerProps } from './s3-queue-trigger-props';
import { SweepFunction } from './sweep-function';
import { TeardownFunction } from './teardown-function';
import { LEDGER_FUNCTION_TIMEOUT_SECONDS } from '../file-ledger/contract';
import type { FileLedger } from '../file-ledger/file-ledger';
import { functionOptions } from '../function-options';
import { metricEnvironment } from '../metrics/etl-metric';
import { OPERATOR_ENV, OPERATOR_TIMEOUT_SECONDS } from '../operator/contract';
import { OperatorFunction } from '../operator/operator-function';

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

export interface TriggerFunctionsProps {
  /** Properties of the trigger. */
  readonly props: S3QueueTriggerProps;
  readonly batchingWindow: Duration;
  readonly queue: sqs.IQueue;
  readonly ledger: FileLedger;
  /** Lets a function read the files. */
  readonly grantReadFiles: (handler: lambda.Function) => void;
}

/** The functions of a trigger, with what each of them may do. */
export class TriggerFunctions {
  /** Enters arrived files and begins runs. */
  public readonly arrivals: lambda.Function;
  /** Follows an execution that has ended. */
  public readonly advance: lambda.Function;
  public readonly sweep: lambda.Function;
  /** Ends the runs before the trigger is deleted. */
  public readonly teardown: lambda.Function;
  public readonly operator: lambda.Function;

  constructor(
    private readonly trigger: Construct,
    private readonly options: TriggerFunctionsProps,
  ) {
    const { ledger } = options;
    this.arrivals = this.createArrivals();
    this.advance = new AdvanceFunction(
      trigger,
      'Advance',
      this.functionOptions('Advance', 'Tries the runs again that failed, settles those that ended'),
    );
    this.sweep = new SweepFunction(trigger, 'Sweep', this.functionOptions('Sweep', 'Takes up what was left behind'));
    ledger.grantAdvance(this.advance);
    ledger.grantAdvance(this.sweep);
    this.teardown = new TeardownFunction(trigger, 'Teardown', {
      ...this.functionOptions('Teardown', 'Stops the runs before they lose what they need'),
      timeout: TEARDOWN_TIMEOUT,
    });
    ledger.grantClose(this.teardown);
    this.operator = this.createOperator();
  }

  private createOperator(): lambda.Function {
    const { props, ledger, grantReadFiles } = this.options;
    const operator = new OperatorFunction(this.trigger, 'Operator', {
      ...this.functionOptions('Operator', 'Does what an operator asks for'),
      timeout: Duration.seconds(OPERATOR_TIMEOUT_SECONDS),
    });
    operator.addEnvironment(OPERATOR_ENV.bucket, props.bucket.bucketName);
    this.filterFiles(operator);
    grantReadFiles(operator);
    ledger.grantOperate(operator);
    return operator;
  }

  private createArrivals(): lambda.Function {
    const { batchingWindow, queue, ledger, grantReadFiles } = this.options;
    const arrivals = new ArrivalsFunction(
      this.trigger,
      'Arrivals',
      this.functionOptions('Arrivals', 'Enters arrived files into the ledger'),
    );
    this.filterFiles(arrivals);
    grantReadFiles(arrivals);
    ledger.grantDispatch(arrivals);
    const hasWindow = batchingWindow.toSeconds() > 0;
    arrivals.addEventSource(
      new SqsEventSource(queue, {
        batchSize: hasWindow ? LARGEST_BATCH : LARGEST_BATCH_WITHOUT_WINDOW,
        maxBatchingWindow: hasWindow ? batchingWindow : undefined,
        maxConcurrency: PARALLEL_BATCHES,
        reportBatchItemFailures: true,
      }),
    );
    return arrivals;
  }

  /** Tells a function which objects are files to load. */
  private filterFiles(handler: lambda.Function): void {
    const { prefix, suffixes, minFileSize, maxFileSize } = this.options.props;
    if (prefix) handler.addEnvironment(ARRIVALS_ENV.prefix, prefix);
    if (suffixes) handler.addEnvironment(ARRIVALS_ENV.suffixes, JSON.stringify(suffixes));
    if (minFileSize) handler.addEnvironment(ARRIVALS_ENV.minFileSize, String(minFileSize.toBytes()));
    if (maxFileSize) handler.addEnvironment(ARRIVALS_ENV.maxFileSize, String(maxFileSize.toBytes()));
  }

  private functionOptions(id: string, purpose: string): lambda.FunctionOptions {
    const { trigger } = this;
    const description = `${purpose} (${trigger.node.path})`;
    const role = new iam.Role(trigger, `${id}Role`, {
      description,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    return {
      ...functionOptions(trigger, `${id}Logs`, role, this.options.props),
      description,
      environment: metricEnvironment(trigger, 'trigger'),
      timeout: Duration.seconds(LEDGER_FUNCTION_TIMEOUT_SECONDS),
      memorySize: FUNCTION_MEMORY_MIB,
    };
  }
}
