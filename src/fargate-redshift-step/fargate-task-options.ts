import type { Size } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';

/** Size, place and network of a task on Fargate. */
export interface FargateTaskOptions {
  /**
   * The network for the tasks, which get an ECS cluster of their own.
   *
   * @default - that of `cluster`; exactly one of the two must be given
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The ECS cluster for the tasks. They run on Fargate, whatever other capacity it has.
   *
   * @default - a new one in `vpc`; exactly one of the two must be given
   */
  readonly cluster?: ecs.ICluster;

  /**
   * The subnets for the tasks. Private ones without a NAT gateway do, if the VPC has endpoints: a gateway endpoint for
   * `s3`; interface endpoints with private DNS names for `ecr.api`, `ecr.dkr` and `logs`, for `secretsmanager` if the
   * warehouse has a secret, and for `redshift-serverless` (a workgroup) or `redshift` (a cluster). Endpoints that the
   * app does not know of are named in a warning at synth.
   *
   * @default - private subnets with a way out; if the VPC has none its isolated ones, else its public ones, with a
   * warning
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Security groups of the tasks. They need outbound access to the warehouse and, on port 443, to AWS.
   *
   * @default - a new one that admits nothing in and everything out: AWS's services have no fixed addresses
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * A program of your own, in any language: docs/bring-your-own-loader.md has its contract. It runs without Linux
   * capabilities on a read-only root file system; only `/tmp` can be written.
   *
   * @default - the loader of this library; Docker builds its image when you deploy
   */
  readonly image?: ecs.ContainerImage;

  /**
   * Processor that the tasks run on. ARM costs a fifth less.
   *
   * @default - ARM64 for the loader of this library, which builds for it on any machine; X86_64 for `image`, because
   * that is what most images are made for
   */
  readonly cpuArchitecture?: ecs.CpuArchitecture;

  /**
   * The role of the tasks. It gets the permissions that the loader needs, unless it is an imported role that must not
   * be changed.
   *
   * @default - a new role
   */
  readonly taskRole?: iam.IRole;

  /**
   * CPU units of a task, 1024 being one vCPU: 256, 512, 1024, 2048, 4096, 8192 or 16384. The loader of this library
   * reads files in as many threads as the task has vCPUs.
   *
   * @default 1024 - it reads what `maxBytesPerExecution` of the trigger lets into a run by default, 512 MiB, in 3
   * seconds, and in 11 if that is gzip
   */
  readonly cpu?: number;

  /**
   * Memory of a task in MiB; which values there are depends on `cpu`.
   *
   * @default - the least that Fargate has for `cpu`, 2048 for its default: the loader of this library takes some 130
   * MiB for each vCPU, whatever the files
   */
  readonly memoryLimitMiB?: number;

  /**
   * Size of the disk behind `/tmp`, 21 to 200 GiB, for an `image` that needs one. The loader of this library writes
   * nothing to disk.
   *
   * @default - 20 GiB, which Fargate does not charge for
   */
  readonly ephemeralStorage?: Size;

  /**
   * Whether the first launch of a run uses Fargate Spot, which costs up to 70 % less and may be interrupted. Every
   * later launch of the run, after an interruption, missing capacity or any failure, is on demand. An imported
   * `cluster` must have the capacity provider FARGATE_SPOT.
   *
   * @default false - a load takes minutes and costs cents
   */
  readonly spot?: boolean;
}
