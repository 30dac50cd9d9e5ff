import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { inputFolder, stagedFilesKey } from './contract';
import { stepFolderStatements } from './job-function';
import { jobLoop } from './job-loop';
import type { EtlStepBindOptions, EtlStepConfig, IEtlStep } from './step';
import { validateStepId } from './step-id';
import { bindOnce, validateDuration } from '../validation';

/** Options of EtlStep.fromJobFunction(). */
export interface JobFunctionOptions {
  /**
   * The longest time from the first launch to the result, relaunches included: whole seconds, 1 minute to 7 days. After
   * it the compute is stopped and the run fails with `Etl.Timeout`, which is not repeated.
   *
   * @default Duration.hours(4)
   */
  readonly maxRuntime?: Duration;

  /**
   * The `arguments` of every launch and check: what your function has to know that is known when the app is
   * synthesized. JSON; names and ARNs of resources may be among them.
   *
   * @default {}
   */
  readonly launchArguments?: { [name: string]: any };
}

const DEFAULT_MAX_RUNTIME = Duration.hours(4);

/** A step whose compute a function of the user's starts, looks at and ends. */
export class JobFunctionStep implements IEtlStep {
  constructor(
    public readonly stepId: string,
    private readonly handler: IFunction,
    private readonly options: JobFunctionOptions,
  ) {
    validateStepId(stepId);
    validateDuration('maxRuntime', options.maxRuntime, Duration.minutes(1), Duration.days(7));
  }

  public bind(scope: Construct, { workBucket }: EtlStepBindOptions): EtlStepConfig {
    bindOnce(this, `'${this.stepId}'`);
    const readStaged = new iam.PolicyStatement({
      actions: ['s3:GetObject'],
      resources: [`${inputFolder('*')}*`, stagedFilesKey('*')].map(key => workBucket.arnForObjects(key)),
    });
    // several steps may share a function, and a policy takes each sid once
    for (const statement of [readStaged, ...stepFolderStatements(workBucket, this.stepId)]) {
      this.handler.addToRolePolicy(statement.copy({ sid: undefined }));
    }
    workBucket.encryptionKey?.grantEncryptDecrypt(this.handler);
    return {
      chain: jobLoop(scope, {
        stepId: this.stepId,
        handler: this.handler,
        arguments: this.options.launchArguments,
        maxRuntime: this.options.maxRuntime ?? DEFAULT_MAX_RUNTIME,
      }),
      stopFunctions: [this.handler],
    };
  }
}
