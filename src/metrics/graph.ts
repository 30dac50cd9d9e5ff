import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';

/** CloudWatch's grid has 24 columns; three graphs beside each other can be read. */
const WIDTH = 8;

/** A graph of a few metrics, each under its own name. */
export function graph(title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []): cloudwatch.IWidget {
  return new cloudwatch.GraphWidget({
    title,
    width: WIDTH,
    left,
    right,
    leftYAxis: { min: 0 },
    rightYAxis: { min: 0 },
  });
}
