import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { graph } from '../metrics/graph';

/** Last night, and the evening before it. */
const DEFAULT_HOURS = 24;

export interface PipelineDashboardProps {
  /** How attempts ended. */
  readonly attempts: cloudwatch.IMetric[];
  readonly attemptDuration: cloudwatch.IMetric;
  readonly triggerWidgets: cloudwatch.IWidget[];
  readonly stepWidgets: cloudwatch.IWidget[];
}

/** One look says whether last night went well: what came, what was loaded, what failed; below, what each step did. */
export function createDashboard(scope: Construct, id: string, props: PipelineDashboardProps): cloudwatch.Dashboard {
  const { attempts, attemptDuration, triggerWidgets, stepWidgets } = props;
  return new cloudwatch.Dashboard(scope, id, {
    defaultInterval: Duration.hours(DEFAULT_HOURS),
    widgets: [[...triggerWidgets, graph('Attempts', attempts, [attemptDuration])], stepWidgets].filter(
      row => row.length > 0,
    ),
  });
}
