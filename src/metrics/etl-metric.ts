import { Names } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';
import { METRIC_NAMESPACE, METRIC_SOURCE, METRICS, type MetricName, type MetricSource } from './contract';

const UNITS = { Count: cloudwatch.Unit.COUNT, Seconds: cloudwatch.Unit.SECONDS, None: cloudwatch.Unit.NONE };

// CloudWatch's limit for the value of a dimension
const LONGEST_VALUE = 255;

/** The variable by which the functions of a construct know whose numbers they count. */
export function metricEnvironment(construct: IConstruct, source: MetricSource): { [name: string]: string } {
  return { [METRIC_SOURCE[source].env]: metricSourceName(construct) };
}

/** A metric that the functions of a construct record, over 5 minutes. */
export function etlMetric(
  construct: IConstruct,
  metricName: MetricName,
  options?: cloudwatch.MetricOptions,
): cloudwatch.Metric {
  const { source, unit, statistic } = METRICS[metricName];
  return new cloudwatch.Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { [METRIC_SOURCE[source].dimension]: metricSourceName(construct) },
    statistic,
    unit: UNITS[unit],
    ...options,
  }).attachTo(construct);
}

/** Readable, and unique in the account: the stack's name is part of it. */
export function metricSourceName(construct: IConstruct): string {
  return Names.uniqueResourceName(construct, { maxLength: LONGEST_VALUE, separator: '-' });
}
