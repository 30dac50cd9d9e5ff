import { NoSuchKey } from '@aws-sdk/client-s3';
import { s3Failure, WORK_BUCKET, type FakeObject } from '../fake-aws';

/** S3: the work bucket, and the landing bucket as HeadObject shows it. */
export class ObjectStore {
  public readonly work = new Map<string, string>();
  /** By bucket/key. */
  public readonly landing = new Map<string, FakeObject>();

  public perform(operation: string, input: any): unknown {
    if (operation === 'HeadObject') return this.head(input);
    if (input.Bucket !== WORK_BUCKET) throw s3Failure(404);
    switch (operation) {
      case 'GetObject':
        return this.get(input);
      case 'PutObject':
        return this.put(input);
      case 'ListObjectsV2':
        return this.list(input);
      default:
        throw new Error(`the object store does not know ${operation}`);
    }
  }

  public json<T>(key: string): T | undefined {
    const text = this.work.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  private get({ Key }: any) {
    const Body = this.work.get(Key);
    if (Body === undefined) throw new NoSuchKey({ message: Key, $metadata: { httpStatusCode: 404 } });
    return { Body };
  }

  private put({ Key, Body, IfNoneMatch }: any) {
    if (IfNoneMatch && this.work.has(Key)) throw s3Failure(412);
    this.work.set(Key, Body);
    return {};
  }

  private list({ Prefix, Delimiter }: any) {
    const below = [...this.work.keys()].filter(key => key.startsWith(Prefix)).sort();
    if (!Delimiter) return { keys: below, prefixes: [] };
    const end = (key: string) => key.indexOf(Delimiter, Prefix.length);
    return {
      keys: below.filter(key => end(key) < 0),
      prefixes: [...new Set(below.filter(key => end(key) >= 0).map(key => key.slice(0, end(key) + 1)))],
    };
  }

  private head({ Bucket, Key, VersionId, IfMatch }: any) {
    const object = this.landing.get(`${Bucket}/${Key}`);
    if (!object || (VersionId && VersionId !== object.versionId)) throw s3Failure(404);
    if (IfMatch && IfMatch !== `"${object.etag}"`) throw s3Failure(412);
    return {
      ETag: `"${object.etag}"`,
      VersionId: object.versionId,
      ContentLength: object.size,
      LastModified: object.lastModified,
    };
  }
}
