import * as fs from 'fs';
import { gzipSync } from 'zlib';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { InputFile } from './input';

/** One object version in the landing bucket. */
export interface UploadedObject {
  readonly key: string;
  readonly versionId: string;
  readonly size: number;
}

export async function upload(
  s3: S3Client,
  bucket: string,
  prefix: string,
  { file, key, gzip }: InputFile,
): Promise<UploadedObject> {
  const content = gzip ? gzipSync(fs.readFileSync(file)) : undefined;
  const size = content?.length ?? fs.statSync(file).size;
  const { VersionId: versionId } = await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: prefix + key,
      Body: content ?? fs.createReadStream(file),
      ContentLength: size,
    }),
  );
  if (!versionId) {
    throw new Error(
      `The bucket ${bucket} keeps no versions, so nothing tells one upload of ${prefix}${key} from the next. ` +
        'Switch versioning on.',
    );
  }
  return { key: prefix + key, versionId, size };
}
