import { Aspects, CfnDeletionPolicy, type CfnResource } from 'aws-cdk-lib';
import { CfnVersion, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';

/** After what an app does to all of its resources, for instance RemovalPolicies.of(app).destroy(). */
const LAST = 1000;

/** Executions that began before a deployment go on with the versions they began with: old ones are never deleted. */
export function keepVersions(handler: LambdaFunction): void {
  keep(handler, node => node instanceof CfnVersion, CfnDeletionPolicy.RETAIN);
}

/** The same for a resource that has revisions and costs nothing: it goes with its stack, when nothing runs. */
export function keepRevisions(resource: CfnResource): void {
  keep(resource, node => node === resource, CfnDeletionPolicy.DELETE);
}

function keep(scope: IConstruct, isKept: (node: IConstruct) => boolean, onDeletion: CfnDeletionPolicy): void {
  const visit = (node: IConstruct) => {
    if (!isKept(node)) return;
    const { cfnOptions } = node as CfnResource;
    cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    cfnOptions.deletionPolicy = onDeletion;
  };
  Aspects.of(scope).add({ visit }, { priority: LAST });
}
