import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { STAGE_FILES_ENV } from './contract';
import { StageFilesFunction } from './stage-files-function';
import type { DatasetDefinition } from '../dataset/contract';
import { CONTRACT_VERSION, inputFolder, runFolder, stagedFilesKey, STEP_ENV } from '../etl-step/contract';
import { InvokeFunction } from '../etl-step/invoke-function';
import { isolatedStates } from '../etl-step/isolated-states';
import { jsonataLiteral } from '../etl-step/jsonata';
import { functionOptions, type EtlFunctionOptions } from '../function-options';
import { keepVersions } from '../kept-revisions';

export interface FileStagingProps extends EtlFunctionOptions {
  readonly dataset: DatasetDefinition;
  readonly workBucket: IBucket;
  readonly operatorFunction?: IFunction;
}

/** Copies a run's files to its input folder and sets aside those that cannot be loaded. */
export class FileStaging extends Construct implements iam.IGrantable {
  public readonly grantPrincipal: iam.IPrincipal;
  /** The states; they hand on their input with a StagedSummary at `$.staged`. */
  public readonly states: sfn.Chain;

  constructor(scope: Construct, id: string, props: FileStagingProps) {
    super(scope, id);
    const role = new iam.Role(this, 'Role', {
      description: `Copies the files of ${scope.node.path}`,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    this.grantPrincipal = role;
    grantRunFolders(role, props.workBucket);
    const handler = new StageFilesFunction(this, 'Function', {
      description: `Copies the files of ${scope.node.path}`,
      ...functionOptions(this, 'Logs', role, props),
      environment: {
        [STAGE_FILES_ENV.workBucket]: props.workBucket.bucketName,
        ...(props.operatorFunction && { [STEP_ENV.operatorFunction]: props.operatorFunction.functionName }),
      },
      timeout: Duration.minutes(15), // as long as Lambda allows: it stops by itself before
      memorySize: 1024, // network and CPU come with memory; 32 files are in work at a time
    });
    keepVersions(handler);
    this.states = this.createStates(handler, props.dataset);
  }

  private createStates(handler: StageFilesFunction, dataset: DatasetDefinition): sfn.Chain {
    const name = 'Stage files';
    const begin = sfn.Pass.jsonata(this, `${name}: Begin`, { assign: { answer: { nextChunk: 0 } } });
    const copy = new InvokeFunction(this, `${name}: Copy`, {
      handler: handler.currentVersion,
      payload: {
        contract: CONTRACT_VERSION,
        runId: '{% $states.input.runId %}',
        attempt: '{% $states.input.attempt %}',
        files: '{% $states.input.files %}',
        dataset: jsonataLiteral(dataset),
        nextChunk: '{% $answer.nextChunk %}',
      },
      assign: { answer: '{% $states.result.Payload %}' },
      outputs: '{% $states.input %}',
    });
    const done = sfn.Pass.jsonata(this, `${name}: Done`, { outputs: '{% $answer.summary %}' });
    const finished = sfn.Choice.jsonata(this, `${name}: Finished?`)
      .when(sfn.Condition.jsonata("{% $answer.status = 'done' %}"), done)
      .otherwise(copy);
    return isolatedStates(this, name, begin.next(copy).next(finished), '$.staged');
  }
}

function grantRunFolders(role: iam.Role, workBucket: IBucket): void {
  const everyRun = '*';
  role.addToPolicy(
    new iam.PolicyStatement({
      sid: 'ReadRuns', // the lists of files, and what it wrote itself
      actions: ['s3:GetObject'],
      resources: [workBucket.arnForObjects('runs/*')],
    }),
  );
  role.addToPolicy(
    new iam.PolicyStatement({
      sid: 'WriteStagedFiles',
      actions: ['s3:PutObject'],
      resources: [`${inputFolder(everyRun)}*`, `${runFolder(everyRun)}staging/*`, stagedFilesKey(everyRun)].map(key =>
        workBucket.arnForObjects(key),
      ),
    }),
  );
  role.addToPolicy(
    new iam.PolicyStatement({
      sid: 'CopyLargeFiles', // in parts, over several calls
      actions: ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      resources: [workBucket.arnForObjects(`${inputFolder(everyRun)}*`)],
    }),
  );
  role.addToPolicy(
    new iam.PolicyStatement({
      sid: 'ListWorkBucket', // without it a missing object is answered as forbidden
      actions: ['s3:ListBucket'],
      resources: [workBucket.bucketArn],
    }),
  );
  workBucket.encryptionKey?.grantEncryptDecrypt(role);
}
