import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { graph } from '../metrics/graph';

/** Last night, and the evening before it. */
const DEFAULT_HOURS = 24;

export interface PipelineDashboardProps {
  readonly stateMachine: StateMachine;
  readonly triggerWidgets: cloudwatch.IWidget[];
  readonly stepWidgets: cloudwatch.IWidget[];
}

/** One look says whether last night went well: what came, what was loaded, what failed; below, what each step did. */
export function createDashboard(scope: Construct, id: string, props: PipelineDashboardProps): cloudwatch.Dashboard {
  const { stateMachine, triggerWidgets, stepWidgets } = props;
  const attempts = graph('Attempts', [
    stateMachine.metricSucceeded({ label: 'Succeeded', color: cloudwatch.Color.GREEN }),
    stateMachine.metricFailed({ label: 'Failed', color: cloudwatch.Color.RED }),
    stateMachine.metricTimedOut({ label: 'Timed out', color: cloudwatch.Color.ORANGE }),
    stateMachine.metricAborted({ label: 'Aborted', color: cloudwatch.Color.GREY }),
  ]);
  return new cloudwatch.Dashboard(scope, id, {
    defaultInterval: Duration.hours(DEFAULT_HOURS),
    widgets: [[...triggerWidgets, attempts], stepWidgets].filter(row => row.length > 0),
  });
}
