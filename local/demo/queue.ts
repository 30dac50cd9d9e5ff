import type { FileItem } from '../../src/file-ledger/contract';

/** The message that S3 sent to the queue when the object was created, made again from what the ledger keeps of it. */
export function objectCreatedMessage(file: FileItem): string {
  const [eventTime, ...rest] = file.arrived.split('#');
  return JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'us-east-1',
        eventTime,
        eventName: 'ObjectCreated:Put',
        s3: {
          s3SchemaVersion: '1.0',
          bucket: { name: file.bucket, arn: `arn:aws:s3:::${file.bucket}` },
          object: {
            // encoded like a form: a space is a plus
            key: encodeURIComponent(file.key).replaceAll('%2F', '/').replaceAll('%20', '+'),
            size: file.size,
            eTag: file.etag.replaceAll('"', ''),
            versionId: file.versionId,
            ...(rest.length > 1 && { sequencer: rest[0] }),
          },
        },
      },
    ],
  });
}

/**
 * The pipeline's queue in the local AWS, which takes unsigned requests: no reason to install an SDK client for three
 * calls.
 */
export class Queue {
  private url?: string;

  constructor(
    private readonly endpoint: string,
    private readonly name: string,
  ) {}

  public async send(message: string): Promise<void> {
    await this.call('SendMessage', { QueueUrl: await this.findUrl(), MessageBody: message });
  }

  /** Messages that no function has finished with. */
  public async messages(): Promise<number> {
    const answer = (await this.call('GetQueueAttributes', {
      QueueUrl: await this.findUrl(),
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    })) as { Attributes: Record<string, string> };
    return Object.values(answer.Attributes).reduce((sum, count) => sum + Number(count), 0);
  }

  private async findUrl(): Promise<string> {
    this.url ??= ((await this.call('GetQueueUrl', { QueueName: this.name })) as { QueueUrl: string }).QueueUrl;
    return this.url;
  }

  private async call(operation: string, input: object): Promise<unknown> {
    const response = await fetch(this.endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': `AmazonSQS.${operation}` },
      body: JSON.stringify(input),
    });
    if (!response.ok) throw new Error(`SQS ${operation} failed with ${response.status}: ${await response.text()}`);
    return response.json();
  }
}
