import * as path from 'path';
import { Size, SizeRoundingBehavior } from 'aws-cdk-lib';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { keepRevisions } from '../kept-revisions';
import { validateWholeNumber } from '../validation';
import { LOADER_CONTAINER, LOG_STREAM_PREFIX } from './contract';
import type { FargateTaskOptions } from './fargate-task-options';

/** The bundled program and its Dockerfile; found from src/ and from lib/ alike. */
const LOADER_FOLDER = path.join(__dirname, '../../assets/fargate-redshift-step/runtime/loader/main');

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EphemeralStorage.html */
const STORAGE_GIB = { least: 21, most: 200 };

/** Where an image of the user's may write. */
const TEMPORARY_FOLDER = '/tmp';

type Image = Pick<FargateTaskOptions, 'image' | 'cpuArchitecture' | 'taskRole' | 'ephemeralStorage'>;

export interface TaskDefinitionProps extends Image {
  readonly cpu: number;
  readonly memoryLimitMiB: number;
  readonly logGroup: logs.ILogGroup;
}

/** @throws Error if the disk has no size that Fargate offers, or nothing to be for */
export function createTaskDefinition(scope: Construct, props: TaskDefinitionProps): ecs.FargateTaskDefinition {
  const { image, taskRole, cpu, memoryLimitMiB, ephemeralStorage, logGroup } = props;
  const cpuArchitecture = props.cpuArchitecture ?? (image ? ecs.CpuArchitecture.X86_64 : ecs.CpuArchitecture.ARM64);
  const definition = new ecs.FargateTaskDefinition(scope, 'Definition', {
    taskRole,
    cpu,
    memoryLimitMiB,
    ephemeralStorageGiB: ephemeralStorage && storageGib(ephemeralStorage, image),
    runtimePlatform: { cpuArchitecture, operatingSystemFamily: ecs.OperatingSystemFamily.LINUX },
  });
  // executions that began before a deployment go on with the revision they began with
  keepRevisions(definition.node.defaultChild as ecs.CfnTaskDefinition);

  const container = definition.addContainer(LOADER_CONTAINER, {
    image: image ?? loaderImage(cpuArchitecture),
    logging: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: LOG_STREAM_PREFIX }),
    readonlyRootFilesystem: true, // the loader of this library writes nothing but its log
    linuxParameters: linuxParameters(scope),
  });
  if (image) {
    definition.addVolume({ name: 'temporary' });
    container.addMountPoints({ containerPath: TEMPORARY_FOLDER, sourceVolume: 'temporary', readOnly: false });
  }
  return definition;
}

/**
 * Without capabilities there are no privileges to gain: Fargate takes no `no-new-privileges`
 * (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html). The init process hands
 * SIGTERM on to a program that is not made to be process 1.
 */
function linuxParameters(scope: Construct): ecs.LinuxParameters {
  const parameters = new ecs.LinuxParameters(scope, 'LinuxParameters', { initProcessEnabled: true });
  parameters.dropCapabilities(ecs.Capability.ALL);
  return parameters;
}

/** Its Dockerfile runs nothing, so Docker builds it for either processor on any machine. */
function loaderImage(cpuArchitecture: ecs.CpuArchitecture): ecs.ContainerImage {
  const arm = cpuArchitecture === ecs.CpuArchitecture.ARM64;
  return ecs.ContainerImage.fromAsset(LOADER_FOLDER, { platform: arm ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64 });
}

function storageGib(ephemeralStorage: Size, image?: ecs.ContainerImage): number {
  if (!image) {
    throw new Error(
      "'ephemeralStorage' is for an 'image' that needs it, and there is none: the loader of this library writes " +
        "nothing to disk. Remove 'ephemeralStorage'.",
    );
  }
  const gib = ephemeralStorage.toGibibytes({ rounding: SizeRoundingBehavior.NONE });
  validateWholeNumber("'ephemeralStorage' in GiB", gib, STORAGE_GIB.least, STORAGE_GIB.most, 'Without it it is 20.');
  return gib;
}
