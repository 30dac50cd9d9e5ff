import { METRIC_NAMESPACE, METRIC_SOURCE, METRICS, type MetricName, type MetricSource } from '../metrics/contract';

/** Whether the function belongs to a trigger or step whose numbers it records. */
export function isMeasured(source: MetricSource): boolean {
  return Boolean(process.env[METRIC_SOURCE[source].env]);
}

/**
 * Records numbers through the function's log, from which CloudWatch takes them: no call, no permission, nothing that
 * could fail. These few lines are all that is needed of the format.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function record(source: MetricSource, values: Partial<Record<MetricName, number>>): void {
  const { dimension, env } = METRIC_SOURCE[source];
  const of = process.env[env];
  const known = Object.entries(values).filter(([, value]) => value !== undefined) as [MetricName, number][];
  if (!of || known.length === 0) return;
  const line = {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [[dimension]],
          Metrics: known.map(([Name]) => ({ Name, Unit: METRICS[Name].unit })),
        },
      ],
    },
    [dimension]: of,
    ...Object.fromEntries(known),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`); // console.log would put the time and the request before it
}
