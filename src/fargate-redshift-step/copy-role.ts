import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { inputFolder, stepFolder } from '../etl-step/contract';
import { acknowledgeFindings } from '../findings/acknowledge-findings';
import { RUN_FOLDERS } from '../findings/acknowledged-findings';

/** Lets COPY read the staged files, and what the step writes: cleaned files, and the manifest that names them all. */
export function grantCopy(scope: Construct, copyRole: iam.IRole, workBucket: IBucket, stepId: string): void {
  const everyRun = '*';
  const folders = [inputFolder(everyRun), stepFolder(everyRun, stepId)];
  const statements = [
    new iam.PolicyStatement({
      actions: ['s3:GetObject'],
      resources: folders.map(folder => workBucket.arnForObjects(`${folder}*`)),
    }),
    // without it a missing object is answered as forbidden
    new iam.PolicyStatement({ actions: ['s3:ListBucket'], resources: [workBucket.bucketArn] }),
  ];
  if (iam.Role.isRole(copyRole) && Stack.of(copyRole) !== Stack.of(scope)) {
    // The role's own policy is in the role's stack, usually that of warehouse and network, which this stack needs: a
    // reference from there back to the work bucket would be a cycle.
    new iam.Policy(scope, 'CopyPolicy', { roles: [copyRole], statements });
  } else {
    for (const statement of statements) copyRole.addToPrincipalPolicy(statement);
    acknowledgeFindings(copyRole, { resources: [], wildcards: [RUN_FOLDERS] });
  }
  workBucket.encryptionKey?.grantDecrypt(copyRole);
}
