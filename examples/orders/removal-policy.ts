import { RemovalPolicy } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * What becomes of files, tables and the warehouse's data when the stacks are deleted: they stay, unless you only try
 * the example out (`cdk deploy --all -c deleteDataWithStacks=true`).
 */
export function dataRemovalPolicy(scope: Construct): RemovalPolicy {
  // the CLI hands on texts, cdk.json values
  return String(scope.node.tryGetContext('deleteDataWithStacks')) === 'true'
    ? RemovalPolicy.DESTROY
    : RemovalPolicy.RETAIN;
}
