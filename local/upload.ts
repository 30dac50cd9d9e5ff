// Uploads files into the landing bucket of a pipeline that runs with --keep; the run prints how to call it.
import * as fs from 'fs';
import * as path from 'path';
import { S3Client } from '@aws-sdk/client-s3';
import { upload } from './demo/upload';

async function main([target, ...files]: string[]): Promise<void> {
  const parts = /^s3:\/\/([^/]+)\/(.*)$/.exec(target ?? '');
  if (!parts || files.length === 0) throw new Error('usage: npx tsx local/upload.ts s3://BUCKET/PREFIX FILE…');
  if (!process.env.AWS_ENDPOINT_URL) {
    throw new Error('AWS_ENDPOINT_URL is not set: this is for the local AWS. Set the variables that the run prints.');
  }
  const missing = files.find(file => !fs.statSync(file, { throwIfNoEntry: false })?.isFile());
  if (missing) throw new Error(`there is no file ${missing}`);
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'; // it advises Node.js 22 at every start
  const s3 = new S3Client({ forcePathStyle: true });
  for (const file of files) {
    const { key, versionId, size } = await upload(s3, parts[1], parts[2], { file, key: path.basename(file) });
    process.stdout.write(`${key}: ${size} bytes, version ${versionId}\n`);
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
