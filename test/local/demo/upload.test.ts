import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { gunzipSync } from 'zlib';
import { PutObjectCommand, S3Client, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { upload } from '../../../local/demo/upload';

const s3 = mockClient(S3Client);
let file: string;
beforeEach(() => {
  s3.reset();
  file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'demo-upload-')), 'orders.csv');
  fs.writeFileSync(file, 'order_id\nä\n');
});
afterEach(() => fs.rmSync(path.dirname(file), { recursive: true }));

const put = (): PutObjectCommandInput => s3.commandCalls(PutObjectCommand)[0].args[0].input;

test('a file goes below the prefix as it is, whatever its name', async () => {
  s3.on(PutObjectCommand).resolves({ VersionId: 'v1' });
  expect(await upload(new S3Client({}), 'landing', 'orders/', { file, key: 'a b/ö+"%.csv' })).toEqual({
    key: 'orders/a b/ö+"%.csv',
    versionId: 'v1',
    size: 12,
  });
  expect(put()).toMatchObject({ Bucket: 'landing', Key: 'orders/a b/ö+"%.csv', ContentLength: 12 });
  expect(Buffer.concat(await (put().Body as fs.ReadStream).toArray()).toString()).toBe('order_id\nä\n');
});

test('a file is compressed on its way if that is asked for', async () => {
  s3.on(PutObjectCommand).resolves({ VersionId: 'v1' });
  const { size } = await upload(new S3Client({}), 'landing', 'orders/', { file, key: 'a.csv.gz', gzip: true });
  expect(gunzipSync(put().Body as Buffer).toString()).toBe('order_id\nä\n');
  expect(put().ContentLength).toBe(size);
});

test('a bucket without versions is an error that says what to do', async () => {
  s3.on(PutObjectCommand).resolves({});
  await expect(upload(new S3Client({}), 'landing', 'orders/', { file, key: 'a.csv', gzip: true })).rejects.toThrow(
    /landing keeps no versions.*Switch versioning on/,
  );
});
