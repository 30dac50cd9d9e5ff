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

/** Units by metric. */
export const METRICS = {
  // of a trigger
  FilesArrived: 'Count',
  FilesWaiting: 'Count',
  OldestFileAge: 'Seconds',
  FilesLoaded: 'Count',
  FilesRejected: 'Count',
  FilesFailed: 'Count',
  RunsSucceeded: 'Count',
  RunsFailed: 'Count',
  RunDuration: 'Seconds',
  RunsStopping: 'Count',
  Paused: 'Count',
  // of a step
  RowsRead: 'Count',
  RowsWritten: 'Count',
  RowsRejected: 'Count',
  DuplicatesDropped: 'Count',
  LoadDuration: 'Seconds',
  TaskSeconds: 'Seconds',
  InstanceHours: 'None', // CloudWatch has no unit of hours
} as const;

export type MetricName = keyof typeof METRICS;
