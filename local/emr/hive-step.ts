import { gzipSync } from 'zlib';
import type { FailureDetails, StepConfig } from '@aws-sdk/client-emr';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { EmrFaults } from './faults';

/** The engine that runs the scripts. */
export interface HiveEngine {
  /** Runs a HiveQL script as the hive command does. */
  run(script: string): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;
}

export interface StepPlace {
  readonly clusterId: string;
  readonly stepId: string;
  readonly logUri?: string;
}

const S3_URI = /^s3n?:\/\/([^/]+)\/(.*)$/;

/** Runs `hive-script` steps, on the engine of this machine, and keeps what it prints where EMR keeps it. */
export class HiveStepRunner {
  constructor(
    private readonly hive: HiveEngine,
    private readonly faults: Pick<EmrFaults, 'step'>,
    private readonly s3: S3Client,
  ) {}

  /** What went wrong; undefined if nothing did. */
  async run(step: StepConfig, place: StepPlace): Promise<FailureDetails | undefined> {
    const started = new Date();
    let stdout = '';
    let stderr: string;
    let exitCode = 1;
    try {
      const fault = this.faults.step?.(step);
      ({ exitCode, stdout, stderr } =
        fault === undefined
          ? await this.hive.run(await this.read(scriptOf(step)))
          : { exitCode: 2, stdout: '', stderr: fault });
    } catch (error) {
      stderr = `${(error as Error).name}: ${(error as Error).message}`;
    }
    const controller =
      `${started.toISOString()} INFO startExec 'hadoop jar ${step.HadoopJarStep!.Jar} ` +
      `${step.HadoopJarStep!.Args?.join(' ')}'\n` +
      `${new Date().toISOString()} INFO Step ${exitCode === 0 ? 'succeeded' : 'failed'} with exitCode ${exitCode}\n`;
    await this.keep(place, { controller, stdout, stderr });
    if (exitCode === 0) return undefined;
    return {
      Reason: 'Unknown Error.',
      Message: stderr.match(/^FAILED: .*$/m)?.[0] ?? stderr.trim().split('\n').at(-1) ?? '',
      ...(place.logUri && { LogFile: `${logFolder(place)}stderr.gz` }),
    };
  }

  private async read(uri: string): Promise<string> {
    const [, Bucket, Key] = S3_URI.exec(uri) ?? [];
    if (!Bucket) throw new Error(`not an S3 URI: ${uri}`);
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket, Key }));
    return Body!.transformToString();
  }

  private async keep(place: StepPlace, logs: Record<string, string>): Promise<void> {
    if (!place.logUri) return;
    const [, Bucket, folder] = S3_URI.exec(logFolder(place))!;
    await Promise.all(
      Object.entries(logs).map(async ([name, text]) => {
        await this.s3.send(new PutObjectCommand({ Bucket, Key: `${folder}${name}.gz`, Body: gzipSync(text) }));
      }),
    );
  }
}

function logFolder({ logUri, clusterId, stepId }: StepPlace): string {
  return `${logUri!.replace(/\/?$/, '/')}${clusterId}/steps/${stepId}/`;
}

function scriptOf({ HadoopJarStep: jar }: StepConfig): string {
  const args = jar?.Args ?? [];
  const file = args.indexOf('-f');
  if (jar?.Jar !== 'command-runner.jar' || args[0] !== 'hive-script' || file < 0 || !args[file + 1]) {
    throw new Error(
      `The local EMR runs command-runner.jar with hive-script … -f <S3 URI> only, got ${jar?.Jar} ${args.join(' ')}.`,
    );
  }
  return args[file + 1];
}
