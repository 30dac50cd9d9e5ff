// The smallest stack that has a run to stop: teardown.test.ts deploys and deletes it.
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { S3QueueTrigger } from 'cdk-etl-steps';

/** Keeps each question in the bucket; has ended at the third. */
const STOP = `
const { S3Client, PutObjectCommand, ListObjectsV2Command } = require('@aws-sdk/client-s3');
const { randomUUID } = require('crypto');
exports.handler = async event => {
  const s3 = new S3Client({});
  await s3.send(new PutObjectCommand({ Bucket: process.env.ASKED, Key: randomUUID(), Body: JSON.stringify(event) }));
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: process.env.ASKED }));
  return KeyCount < 3 ? { status: 'stopping', waitSeconds: 5 } : { status: 'ended' };
};`;

const stack = new Stack(new App(), 'Loading');
const landing = new s3.Bucket(stack, 'Landing', { removalPolicy: RemovalPolicy.RETAIN });
const asked = new s3.Bucket(stack, 'Asked', { removalPolicy: RemovalPolicy.RETAIN });
const stop = new lambda.Function(stack, 'Stop', {
  runtime: lambda.Runtime.NODEJS_22_X,
  handler: 'index.handler',
  code: lambda.Code.fromInline(STOP),
  environment: { ASKED: asked.bucketName },
  timeout: Duration.seconds(30),
});
asked.grantReadWrite(stop);
const load = new sfn.Wait(stack, 'Load', { time: sfn.WaitTime.duration(Duration.hours(1)) });
const machine = new sfn.StateMachine(stack, 'Machine', { definitionBody: sfn.DefinitionBody.fromChainable(load) });
const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: landing, batchingWindow: Duration.seconds(0) });
trigger.startExecutionsOf(machine, { stopFunctions: [stop] });

new CfnOutput(stack, 'LandingBucket', { value: landing.bucketName });
new CfnOutput(stack, 'AskedBucket', { value: asked.bucketName });
new CfnOutput(stack, 'StateMachineArn', { value: machine.stateMachineArn });
new CfnOutput(stack, 'LedgerTable', { value: trigger.ledgerTable.tableName });
