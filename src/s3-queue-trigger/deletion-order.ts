import { CfnResource, Stack } from 'aws-cdk-lib';
import { Dependable, type IConstruct, type IDependable } from 'constructs';

export interface DeletionOrder {
  /** What lets runs begin: created after `first` and deleted before it, so none begins that it could not end. */
  readonly gates: IConstruct[];
  /** Ends runs when it is deleted. */
  readonly first: IConstruct;
  /** What runs need, as far as it is in the stack: deleted after `first`. */
  readonly needed: IDependable[];
}

/** Makes CloudFormation delete the gates, then `first`, then what runs need. */
export function orderDeletion({ gates, first, needed }: DeletionOrder): void {
  for (const gate of gates) gate.node.addDependency(first);
  // at synthesis: more may be added to what is needed until then
  const resources: IDependable = {};
  Dependable.implement(resources, {
    get dependencyRoots() {
      const others = new Set([first, ...gates].flatMap(construct => construct.node.findAll()));
      const roots = needed.flatMap(dependable => Dependable.of(dependable).dependencyRoots);
      const constructs = new Set(roots.flatMap(root => root.node.findAll()));
      return [...constructs].filter(
        construct =>
          CfnResource.isCfnResource(construct) && !others.has(construct) && Stack.of(construct) === Stack.of(first),
      );
    },
  });
  first.node.addDependency(resources);
}
