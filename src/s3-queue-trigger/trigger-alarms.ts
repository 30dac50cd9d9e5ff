import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { operatorCommand, type OperatorRequest } from '../operator/contract';

/** Longer than a run that goes well and the one before it, which the file had to wait for. */
const OLDEST_FILE = Duration.hours(6);

/** Clusters take three minutes to end, containers two: ten times that is stuck. */
const STOP_MINUTES = 30;

/** One sweep that fails is repeated a minute later. */
const FAILED_SWEEPS = 3;

/** What the alarms have to know of their trigger. */
export interface AlarmedTrigger {
  readonly operatorFunction: IFunction;
  metricOldestFileAge(): cloudwatch.Metric;
  metricRunsFailed(): cloudwatch.Metric;
  metricFilesRejected(): cloudwatch.Metric;
  metricPaused(): cloudwatch.Metric;
  metricRunsStopping(options: cloudwatch.MetricOptions): cloudwatch.Metric;
}

export interface TriggerAlarmsProps {
  readonly trigger: AlarmedTrigger;
  readonly deadLetterQueue: IQueue;
  readonly sweep: IFunction;
  readonly actions: cloudwatch.IAlarmAction[];
}

/** What a person has to know of at night. The text of each alarm says what to do. */
export class TriggerAlarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: TriggerAlarmsProps,
  ) {
    super(scope, id);
    const { trigger, deadLetterQueue, sweep } = props;
    const command = (request: OperatorRequest) => operatorCommand(trigger.operatorFunction.functionName, request);
    const maximum = { statistic: cloudwatch.Stats.MAXIMUM };

    this.alarm(
      'DeadLetters',
      deadLetterQueue.metricApproximateNumberOfMessagesVisible(maximum),
      1,
      'Events could not be processed, so their files are not known. The log of the Arrivals function says why ' +
        '("A message failed"). Once that is repaired: ' +
        `aws sqs start-message-move-task --source-arn ${deadLetterQueue.queueArn}`,
    );
    this.alarm(
      'OldestFile',
      trigger.metricOldestFileAge(),
      OLDEST_FILE.toSeconds(),
      `A file has waited for ${OLDEST_FILE.toHours()} hours. Ask what holds it up: ` +
        `${command({ operation: 'showWaiting' })}`,
    );
    this.alarm(
      'RunFailed',
      trigger.metricRunsFailed(),
      1,
      `A run failed. Ask which, and why: ${command({ operation: 'showFailures' })} Put its files back once the ` +
        'cause is repaired: ' +
        'the same command with {"operation":"putBack","runId":"…"}',
    );
    this.alarm(
      'FileRejected',
      trigger.metricFilesRejected(),
      1,
      'A file cannot be loaded and was set aside; the others go on. Ask which, and why: ' +
        `${command({ operation: 'showFailures' })} ` +
        'Repair it and upload it again, or put it back: the same command with {"operation":"putBack","fileIds":["…"]}',
    );
    this.alarm(
      'Paused',
      trigger.metricPaused(),
      1,
      `No run begins; files wait. Ask why: ${command({ operation: 'showWaiting' })} Once that is repaired: ` +
        `${command({ operation: 'resume' })}`,
    );
    this.alarm(
      'SweepErrors',
      sweep.metricErrors({ statistic: cloudwatch.Stats.SUM }),
      FAILED_SWEEPS,
      'The sweep fails again and again, so runs that were cut off are not taken up. Its log says which part ' +
        'failed, and why: a permission, or the state machine ' +
        'or objects below runs/ that are gone. It goes on by itself once that is repaired.',
    );
    this.alarm(
      'StuckStop',
      trigger.metricRunsStopping({ period: Duration.minutes(1) }),
      1,
      `The compute of a run that ended has not ended for ${STOP_MINUTES} minutes, and may cost money. The log of ` +
        'the Sweep function names the run and the function that stops it ' +
        '("Compute has not ended yet"). End the cluster or task in its console; the run then goes on by itself.',
      STOP_MINUTES,
    );
  }

  private alarm(
    id: string,
    metric: cloudwatch.Metric,
    threshold: number,
    alarmDescription: string,
    evaluationPeriods = 1,
  ): void {
    const alarm = new cloudwatch.Alarm(this, id, {
      metric,
      threshold,
      evaluationPeriods,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING, // nothing is recorded while nothing happens
      alarmDescription,
    });
    alarm.addAlarmAction(...this.props.actions);
  }
}
