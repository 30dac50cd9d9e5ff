/** What an event says of a new object; the object itself is looked at later. */
export interface ObjectCreated {
  readonly bucket: string;
  readonly key: string;
  /** Absent in a bucket without versions, or whose versioning is suspended. */
  readonly versionId?: string;
  readonly etag?: string;
  /** Orders the events of one key. */
  readonly sequencer?: string;
  readonly time: Date;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
interface S3Record {
  readonly eventName: string;
  readonly eventTime: string;
  readonly s3: {
    readonly bucket: { readonly name: string };
    readonly object: {
      readonly key: string;
      readonly eTag?: string;
      readonly versionId?: string;
      readonly sequencer?: string;
    };
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
interface EventBridgeEvent {
  readonly source: 'aws.s3';
  readonly 'detail-type': string;
  readonly time: string;
  readonly detail: {
    readonly bucket: { readonly name: string };
    readonly object: {
      readonly key: string;
      readonly etag?: string;
      readonly 'version-id'?: string;
      readonly sequencer?: string;
    };
  };
}

/**
 * The new objects that a message announces, in either form that S3 sends: none for other events and for S3's test
 * message.
 * @throws Error if the message is none of S3's
 */
export function objectsCreated(message: string): ObjectCreated[] {
  const event = parse(message);
  if (Array.isArray(event.Records)) {
    return (event.Records as S3Record[])
      .filter(record => record.eventName?.startsWith('ObjectCreated:'))
      .map(fromNotification);
  }
  if (event.source === 'aws.s3') {
    return event['detail-type'] === 'Object Created' ? [fromEventBridge(event as unknown as EventBridgeEvent)] : [];
  }
  if (event.Event === 's3:TestEvent') return []; // sent once, when the notification is set up
  throw new Error(`The message must be an event of S3, got: ${message.slice(0, 500)}`);
}

function parse(message: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(message)) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`The message must be an event of S3, which is JSON, got: ${message.slice(0, 500)}`, {
      cause: error,
    });
  }
}

function fromNotification({ eventTime, s3: { bucket, object } }: S3Record): ObjectCreated {
  return {
    bucket: bucket.name,
    key: decodeURIComponent(object.key.replaceAll('+', ' ')), // encoded as forms are
    versionId: realVersion(object.versionId),
    etag: object.eTag,
    sequencer: object.sequencer,
    time: new Date(eventTime),
  };
}

function fromEventBridge({ time, detail: { bucket, object } }: EventBridgeEvent): ObjectCreated {
  return {
    bucket: bucket.name,
    key: object.key, // as it is
    versionId: realVersion(object['version-id']),
    etag: object.etag,
    sequencer: object.sequencer,
    time: new Date(time),
  };
}

/**
 * Objects written while versioning is suspended have the version `null`, which the next upload replaces: it identifies
 * nothing.
 */
export function realVersion(versionId: string | undefined): string | undefined {
  return versionId && versionId !== 'null' ? versionId : undefined;
}
