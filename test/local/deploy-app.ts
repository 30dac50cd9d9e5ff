import { writeFileSync } from 'fs';
import * as path from 'path';
import type { App } from 'aws-cdk-lib';
import { deploy, type StackOutputs } from '../../local/deploy';
import type { RunningMiniStack } from '../../local/ministack';

/** Deploys an app of the test's own process. */
export async function deployApp(app: App, { environment }: RunningMiniStack, runFolder: string): Promise<StackOutputs> {
  writeFileSync(path.join(runFolder, 'cdk.json'), JSON.stringify({ app: app.synth().directory }));
  return deploy({ appFolder: runFolder, environment, runFolder, outputFolder: app.outdir });
}
