import { mkdirSync, rmSync, writeFileSync } from 'fs';
import * as path from 'path';
import { deploy } from '../../local/deploy';
import { RunningMiniStack, startMiniStack } from '../../local/ministack';
import { createRunFolder } from '../../local/processes';

jest.setTimeout(120_000);

/**
 * The bucket empties itself when it is deleted: a function of CDK's own, whose deployment needs the assets and the
 * bootstrap.
 */
const APP = `
const { App, CfnOutput, RemovalPolicy, Stack, aws_s3 } = require('aws-cdk-lib');
const app = new App();
const stack = new Stack(app, 'Small');
const bucket = new aws_s3.Bucket(stack, 'Bucket', { autoDeleteObjects: true, removalPolicy: RemovalPolicy.DESTROY });
new CfnOutput(stack, 'Name', { value: bucket.bucketName });
new CfnOutput(stack, 'Greeting', { value: app.node.tryGetContext('greeting') });
new CfnOutput(stack, 'Inherited', { value: process.env.TSX_TSCONFIG_PATH ?? 'nothing' });
`;

let runFolder: string;
let miniStack: RunningMiniStack;

beforeAll(async () => {
  runFolder = createRunFolder();
  miniStack = await startMiniStack({ runFolder });
});

afterAll(async () => {
  await miniStack?.stop();
  rmSync(runFolder, { recursive: true });
});

const deployApp = (name: string, program: string, onProgress?: (line: string) => void) => {
  const appFolder = path.join(runFolder, name);
  mkdirSync(appFolder);
  writeFileSync(path.join(appFolder, 'app.js'), program);
  writeFileSync(path.join(appFolder, 'cdk.json'), '{ "app": "node app.js" }');
  return deploy({
    appFolder,
    context: { greeting: 'hello' },
    environment: miniStack.environment,
    runFolder,
    outputFolder: path.join(runFolder, `${name}.out`),
    onProgress,
  });
};

test('the CDK CLI deploys an app as its user would, tells its progress, and returns its outputs', async () => {
  process.env.TSX_TSCONFIG_PATH = 'tsconfig.dev.json'; // as tsx, with which commands of the project run, leaves it
  const lines: string[] = [];
  const outputs = await deployApp('small', APP, line => lines.push(line));
  expect(outputs).toEqual({
    Small: { Name: expect.stringMatching(/^small-bucket/), Greeting: 'hello', Inherited: 'nothing' },
  });
  expect(lines).toContainEqual(expect.stringMatching(/CREATE_COMPLETE .* AWS::S3::Bucket/));
});

test('an app that does not synthesize is told with its error', async () => {
  await expect(deployApp('broken', 'throw new Error("no such thing as a stack")')).rejects.toThrow(
    /cdk deploy failed .*no such thing as a stack/s,
  );
});
