import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { STEP_ENV, stepFolder } from './contract';
import type { EtlStepBindOptions } from './step';
import { functionOptions, type EtlFunctionOptions } from '../function-options';
import { keepVersions } from '../kept-revisions';
import { metricEnvironment } from '../metrics/etl-metric';

/** Function behind a jobLoop(): a log group of its own, and versions that outlive their deployment. */
export function jobFunctionOptions(
  scope: Construct,
  role: iam.Role,
  options: EtlFunctionOptions,
): lambda.FunctionOptions {
  return {
    ...functionOptions(scope, 'Logs', role, options),
    environment: metricEnvironment(scope, 'step'),
    memorySize: 256,
  };
}

/** The part of the pipeline that a step's function knows. */
type JobFunctionBinding = Pick<EtlStepBindOptions, 'workBucket' | 'operatorFunction'>;

/** Tells a step's function which step it is, and lets it use the step's folder in the work bucket. */
export function bindJobFunction(
  handler: lambda.Function,
  role: iam.Role,
  stepId: string,
  { workBucket, operatorFunction }: JobFunctionBinding,
): void {
  keepVersions(handler);
  handler.addEnvironment(STEP_ENV.stepId, stepId);
  handler.addEnvironment(STEP_ENV.workBucket, workBucket.bucketName);
  if (operatorFunction) handler.addEnvironment(STEP_ENV.operatorFunction, operatorFunction.functionName);
  for (const statement of stepFolderStatements(workBucket, stepId)) role.addToPolicy(statement);
  workBucket.encryptionKey?.grantEncryptDecrypt(role);
}

/** Lets the function of a step read and write the step's folders in the work bucket. */
export function stepFolderStatements(workBucket: IBucket, stepId: string): iam.PolicyStatement[] {
  return [
    new iam.PolicyStatement({
      sid: 'UseStepFolder',
      actions: ['s3:GetObject', 's3:PutObject'],
      resources: [workBucket.arnForObjects(`${stepFolder('*', stepId)}*`)],
    }),
    new iam.PolicyStatement({
      sid: 'ListWorkBucket', // without it, or with a condition on the prefix, a missing object is answered as forbidden
      actions: ['s3:ListBucket'],
      resources: [workBucket.bucketArn],
    }),
  ];
}
