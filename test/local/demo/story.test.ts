import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import type { DeployedPipeline } from '../../../local/demo/deployed';
import type { InputFile } from '../../../local/demo/input';
import { Narrator } from '../../../local/demo/narrator';
import type { Queue } from '../../../local/demo/queue';
import { tellStory } from '../../../local/demo/story';
import type { Look } from '../../../local/demo/watch/watcher';
import type { FileItem, FileStatus } from '../../../src/file-ledger/contract';

const s3 = mockClient(S3Client);
let folder: string;
let files: InputFile[];
beforeEach(() => {
  s3.reset();
  s3.on(PutObjectCommand).callsFake(({ Key }: { Key: string }) => ({ VersionId: `version of ${Key}` }));
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-story-'));
  files = ['first.csv', 'second.csv'].map(key => ({ file: path.join(folder, key), key, gzip: true }));
  for (const { file } of files) fs.writeFileSync(file, 'x');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const item = (key: string, status: FileStatus): FileItem => ({
  id: key,
  bucket: 'landing',
  key: `orders/${key}`,
  versionId: `version of orders/${key}`,
  etag: 'e',
  size: 1,
  status,
  runId: 'R',
  limit: 0,
  arrived: `2026-11-01T00:00:00.000Z#${key}`,
});

function pipeline(...looks: FileItem[][]) {
  const told: string[] = [];
  const contents: Look[] = looks.map(found => ({
    content: { files: found, runs: [], live: [] },
    changed: true,
    underWay: [],
  }));
  const sent: string[] = [];
  return {
    told,
    sent,
    used: {
      app: { landingBucket: 'landing', prefix: 'orders/' } as DeployedPipeline,
      narrator: new Narrator(line => told.push(line)),
      clients: { s3: new S3Client({}) },
      queue: {
        send: async (message: string) => {
          sent.push(message);
        },
        messages: async () => 0,
      } as Pick<Queue, 'send' | 'messages'> as Queue,
      watcher: { look: async () => (contents.length > 1 ? contents.shift()! : { ...contents[0], changed: false }) },
    },
  };
}

test('files are uploaded in their order, and followed to their end', async () => {
  const { used, told, sent } = pipeline([item('first.csv', 'LOADED'), item('second.csv', 'REJECTED')]);
  expect((await tellStory(used, files)).stuck).toEqual([]);
  expect(s3.commandCalls(PutObjectCommand).map(call => call.args[0].input.Key)).toEqual([
    'orders/first.csv',
    'orders/second.csv',
  ]);
  expect(told.at(-1)).toMatch(/every file has its final status \d+\.\d s after the first upload began/);
  expect(sent).toEqual([]);
});

test('the event that is to come twice is sent once the ledger knows its file', async () => {
  const { used, sent } = pipeline(
    [],
    [item('first.csv', 'PENDING')],
    [item('first.csv', 'LOADED'), item('second.csv', 'LOADED')],
  );
  await tellStory(used, files, 'first.csv');
  expect(sent.map(message => JSON.parse(message).Records[0].s3.object)).toEqual([
    expect.objectContaining({ key: 'orders/first.csv', versionId: 'version of orders/first.csv' }),
  ]);
});

test('what is stuck is told by name', async () => {
  const { used, told } = pipeline([item('first.csv', 'CLAIMED')]);
  const { stuck } = await tellStory(used, files, undefined, 0);
  expect(stuck).toEqual([
    'orders/first.csv: CLAIMED by run R',
    'orders/second.csv: its event has not reached the ledger',
  ]);
  expect(told.join('\n')).toContain('what is stuck');
});

test('a pipeline that has paused is not waited for', async () => {
  const { used, told } = pipeline([item('first.csv', 'PENDING')]);
  const paused: Look = {
    content: { files: [item('first.csv', 'PENDING')], runs: [], live: [], paused: 'no such table' },
    changed: true,
    underWay: [],
  };
  const { stuck } = await tellStory({ ...used, watcher: { look: async () => paused } }, files.slice(0, 1));
  expect(stuck).toEqual(['orders/first.csv: PENDING']);
  expect(told.join('\n')).toContain('the pipeline is paused; what is stuck:');
});
