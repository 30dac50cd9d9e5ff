import { Annotations, Aspects, type IAspect } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct, IConstruct } from 'constructs';
import { servicesWithoutEndpoint } from '../vpc-endpoints';

/** What every task needs: its image, whose layers are in S3, and its log. */
const SERVICES = ['s3', 'ecr.api', 'ecr.dkr', 'logs'];

/** @param services those of AWS that the loader calls besides */
export function warnAboutSubnets(
  scope: Construct,
  vpc: ec2.IVpc,
  subnets: ec2.SelectedSubnets,
  services: string[],
): void {
  if (subnets.hasPublic) {
    Annotations.of(scope).addWarningV2(
      'cdk-etl-steps:fargateRedshiftStep.publicSubnets',
      'The tasks run in public subnets and get public addresses, the only way from there to AWS. Give the VPC ' +
        "private subnets with a NAT gateway or endpoints, and name them in 'vpcSubnets'.",
    );
  } else if (subnets.subnetIds.some(id => vpc.isolatedSubnets.some(subnet => subnet.subnetId === id))) {
    Aspects.of(scope).add(new EndpointCheck(scope, vpc, [...SERVICES, ...services]));
  }
}

/** Looks when the whole app is there: endpoints may be declared after the step. */
class EndpointCheck implements IAspect {
  constructor(
    private readonly scope: Construct,
    private readonly vpc: ec2.IVpc,
    private readonly services: string[],
  ) {}

  public visit(node: IConstruct): void {
    if (node !== this.scope) return;
    const missing = servicesWithoutEndpoint(this.scope, this.vpc, this.services);
    if (missing.length === 0) return;
    Annotations.of(this.scope).addWarningV2(
      'cdk-etl-steps:fargateRedshiftStep.isolatedSubnets',
      'The tasks run in subnets without a route out, and the VPC has no endpoint that the app knows of for: ' +
        `${missing.join(', ')}. Add a gateway endpoint for s3 and interface endpoints for the others, unless they are ` +
        "there already; or name other subnets in 'vpcSubnets'.",
    );
  }
}
