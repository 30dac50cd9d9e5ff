import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/** Those of the services, as `s3` or `ecr.api`, that the VPC has no endpoint for in the app. Others may be there. */
export function servicesWithoutEndpoint(scope: Construct, vpc: ec2.IVpc, services: string[]): string[] {
  const endpoints = scope.node.root.node
    .findAll()
    .filter((node): node is ec2.CfnVPCEndpoint => node instanceof ec2.CfnVPCEndpoint && node.vpcId === vpc.vpcId)
    .map(endpoint => JSON.stringify(Stack.of(endpoint).resolve(endpoint.serviceName)));
  return services.filter(service => !endpoints.some(name => name.includes(`.${service}"`)));
}
