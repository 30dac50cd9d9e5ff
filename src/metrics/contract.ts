// What the functions count and what CloudWatch is asked for: one spelling for both.

export const METRIC_NAMESPACE = 'cdk-etl-steps';

/**
 * Whose numbers they are: the dimension, and the variable that tells a function its value. A function with none of them
 * records nothing.
 */
export const METRIC_SOURCE = {
  trigger: { dimension: 'Trigger', env: 'METRICS_TRIGGER' },
  step: { dimension: 'Step', env: 'METRICS_STEP' },
} as const;

export type MetricSource = keyof typeof METRIC_SOURCE;

/** Unit of a metric, and the statistic that it is shown by. CloudWatch has no unit of hours. */
interface MetricDefinition {
  readonly source: MetricSource;
  readonly unit: 'Count' | 'Seconds' | 'None';
  readonly statistic: 'Sum' | 'Maximum';
}

const of =
  (source: MetricSource, statistic: MetricDefinition['statistic']) =>
  (unit: MetricDefinition['unit']): MetricDefinition => ({ source, unit, statistic });

const triggerSum = of('trigger', 'Sum');
const triggerMaximum = of('trigger', 'Maximum');
const stepSum = of('step', 'Sum');
const stepMaximum = of('step', 'Maximum');

export const METRICS = {
  FilesArrived: triggerSum('Count'),
  FilesWaiting: triggerMaximum('Count'),
  OldestFileAge: triggerMaximum('Seconds'),
  FilesLoaded: triggerSum('Count'),
  FilesRejected: triggerSum('Count'),
  FilesFailed: triggerSum('Count'),
  RunsSucceeded: triggerSum('Count'),
  RunsFailed: triggerSum('Count'),
  RunDuration: triggerMaximum('Seconds'),
  RunsStopping: triggerSum('Count'),
  Paused: triggerMaximum('Count'),
  RowsRead: stepSum('Count'),
  RowsWritten: stepSum('Count'),
  RowsRejected: stepSum('Count'),
  DuplicatesDropped: stepSum('Count'),
  LoadDuration: stepMaximum('Seconds'),
  TaskSeconds: stepSum('Seconds'),
  InstanceHours: stepSum('None'),
} as const;

export type MetricName = keyof typeof METRICS;

/** The names of a source's metrics. */
export function metricsOf(source: MetricSource): MetricName[] {
  return (Object.keys(METRICS) as MetricName[]).filter(name => METRICS[name].source === source);
}
