import { Annotations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { servicesWithoutEndpoint } from '../vpc-endpoints';

/** EMR's cluster manager talks to the instances at this port, and the primary instance to it at the other. */
const MANAGER_TO_INSTANCES = ec2.Port.tcp(8443);
const PRIMARY_TO_MANAGER = ec2.Port.tcp(9443);

export interface EmrNetworkProps {
  readonly vpc: ec2.IVpc;
  readonly vpcSubnets?: ec2.SubnetSelection;
}

/** Subnets and security groups of a step's clusters. */
export class EmrNetwork extends Construct {
  public readonly vpc: ec2.IVpc;
  public readonly subnetIds: string[];
  public readonly primary: ec2.SecurityGroup;
  public readonly core: ec2.SecurityGroup;
  /** Of EMR's cluster manager in private subnets: it has no other way to the instances there. */
  public readonly serviceAccess?: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, { vpc, vpcSubnets }: EmrNetworkProps) {
    super(scope, id);
    this.vpc = vpc;
    const { subnets } = vpc.selectSubnets(vpcSubnets);
    this.subnetIds = subnets.map(subnet => subnet.subnetId);
    const publicIds = this.subnetIds.filter(subnetId => vpc.publicSubnets.some(subnet => subnet.subnetId === subnetId));
    if (this.subnetIds.length === 0) {
      throw new Error(
        `'vpcSubnets' must select at least one subnet of the VPC ${vpc.node.path}, got none. Select others, or ` +
          'leave it out.',
      );
    }
    if (publicIds.length > 0 && publicIds.length < this.subnetIds.length) {
      throw new Error(
        `'vpcSubnets' must select only public or only private subnets, got both (public: ` +
          `${publicIds.join(', ')}). EMR manages a cluster in a ` +
          'private subnet in another way: select one kind.',
      );
    }

    const group = (name: string, description: string, allowAllOutbound: boolean) =>
      new ec2.SecurityGroup(this, name, { vpc, description, allowAllOutbound });
    this.primary = group('Primary', 'Primary instance of EMR clusters', true);
    this.core = group('Core', 'Core instances of EMR clusters', true);
    this.declareInstanceRules();
    if (publicIds.length === 0) {
      this.serviceAccess = group('ServiceAccess', 'EMR cluster manager', false);
      this.declareServiceAccessRules(this.serviceAccess);
    }
    this.warnOfMissingRoutes(vpc, subnets);
    if (publicIds.length > 0) {
      Annotations.of(this).addWarningV2(
        'cdk-etl-steps:emrPublicSubnets',
        `The clusters run in public subnets (${subnets.map(subnet => subnet.node.path).join(', ')}): their instances ` +
          'get public addresses. Give the VPC private subnets with a NAT gateway or with gateway endpoints for S3 ' +
          "and DynamoDB, and name them in 'vpcSubnets'.",
      );
    }
  }

  /*
   * EMR adds every rule that it misses. Groups that refer to each other by rules which CloudFormation does not know
   * cannot be deleted, so all are declared, exactly as EMR writes them:
   * https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html
   */
  private declareInstanceRules(): void {
    for (const to of [this.primary, this.core]) {
      for (const from of [this.primary, this.core]) {
        to.addIngressRule(from, ec2.Port.allTcp(), 'instances of the cluster');
        to.addIngressRule(from, ec2.Port.allUdp(), 'instances of the cluster');
        to.addIngressRule(from, ec2.Port.allIcmp(), 'instances of the cluster');
      }
    }
  }

  private declareServiceAccessRules(serviceAccess: ec2.SecurityGroup): void {
    serviceAccess.addIngressRule(this.primary, PRIMARY_TO_MANAGER, 'primary instance to the cluster manager');
    for (const instances of [this.primary, this.core]) {
      instances.addIngressRule(serviceAccess, MANAGER_TO_INSTANCES, 'cluster manager to instances');
      serviceAccess.addEgressRule(instances, MANAGER_TO_INSTANCES, 'cluster manager to instances');
    }
  }

  private warnOfMissingRoutes(vpc: ec2.IVpc, subnets: ec2.ISubnet[]): void {
    const isolated = subnets.filter(({ subnetId }) => vpc.isolatedSubnets.some(subnet => subnet.subnetId === subnetId));
    if (isolated.length === 0) return;
    const missing = servicesWithoutEndpoint(this, vpc, ['s3', 'dynamodb']);
    if (missing.length === 0) return;
    Annotations.of(this).addWarningV2(
      'cdk-etl-steps:emrSubnetsWithoutRoute',
      `The subnets ${isolated.map(subnet => subnet.node.path).join(', ')} have no route out, and the VPC has no ` +
        'endpoint that the app knows of for: ' +
        `${missing.join(', ')}. Clusters there start and load only with gateway endpoints for both; the one for ` +
        'S3 must admit the buckets of EMR and Amazon Linux.',
    );
  }
}
