import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { HttpRequest, HttpResponse } from './http';

/** A call of AWS, as its documentation names it; DynamoDB's items are plain objects. */
export interface AwsCall {
  readonly service: 'dynamodb' | 's3' | 'states' | 'ecs' | 'lambda';
  readonly operation: string;
  readonly input: any;
}

const SERVICES = ['dynamodb', 'states', 'ecs', 'lambda', 's3'] as const;

export function decode(request: HttpRequest): AwsCall {
  const service = SERVICES.find(name => request.host.split('.').includes(name));
  switch (service) {
    case 's3':
      return { service, ...decodeS3(request) };
    case 'lambda':
      return {
        service,
        operation: 'Invoke',
        input: { FunctionName: decodeURIComponent(request.path.split('/')[3]), Payload: request.body },
      };
    case 'dynamodb':
      return { service, operation: target(request), input: plain(JSON.parse(request.body)) };
    case 'states':
    case 'ecs':
      return { service, operation: target(request), input: JSON.parse(request.body) };
    default:
      throw new Error(`no service at ${request.host}`);
  }
}

export function encode({ service, operation }: AwsCall, output: any): HttpResponse {
  switch (service) {
    case 's3':
      return encodeS3(operation, output);
    case 'lambda':
      return {
        status: 200,
        body: output.Payload,
        headers: output.FunctionError ? { 'x-amz-function-error': output.FunctionError } : {},
      };
    case 'dynamodb':
      return { status: 200, body: JSON.stringify(attributes(output)) };
    default:
      return { status: 200, body: JSON.stringify(output, (_, value) => value) };
  }
}

/** The answer to a call that a service refuses; the name of the error is the code. */
export function encodeError({ service, operation }: AwsCall, error: any): HttpResponse {
  if (service === 's3') {
    const status = error.$metadata.httpStatusCode as number;
    return {
      status,
      body:
        operation === 'HeadObject'
          ? ''
          : `<Error><Code>${error.name}</Code><Message>${error.message}</Message></Error>`,
    };
  }
  const { name, message, CancellationReasons, $metadata: _metadata, $fault: _fault, ...more } = error;
  return {
    status: 400,
    body: JSON.stringify({ __type: name, message, ...(CancellationReasons && { CancellationReasons }), ...more }),
  };
}

const target = ({ headers }: HttpRequest): string => headers['x-amz-target'].split('.')[1];

const byTable = (tables: any, change: (ofTable: any) => any): any =>
  Object.fromEntries(Object.entries(tables).map(([table, ofTable]) => [table, change(ofTable)]));

function plain(input: any): any {
  const items = ['Key', 'Item', 'ExpressionAttributeValues', 'ExclusiveStartKey'].filter(name => input[name]);
  return {
    ...input,
    ...Object.fromEntries(items.map(name => [name, unmarshall(input[name])])),
    ...(input.TransactItems && {
      TransactItems: input.TransactItems.map(({ Update }: any) => ({ Update: plain(Update) })),
    }),
    ...(input.RequestItems && {
      RequestItems: byTable(input.RequestItems, ({ Keys, ...more }) => ({ ...more, Keys: Keys.map(unmarshall) })),
    }),
  };
}

function attributes(output: any): any {
  const marshalled = (item: any) => marshall(item, { removeUndefinedValues: true });
  return {
    ...output,
    ...(output.Item && { Item: marshalled(output.Item) }),
    ...(output.Items && { Items: output.Items.map(marshalled) }),
    ...(output.Responses && { Responses: byTable(output.Responses, items => items.map(marshalled)) }),
    ...(output.LastEvaluatedKey && { LastEvaluatedKey: marshalled(output.LastEvaluatedKey) }),
  };
}

function decodeS3({ host, method, path, headers, body }: HttpRequest): Pick<AwsCall, 'operation' | 'input'> {
  const url = new URL(path, 'https://s3');
  const Bucket = host.split('.s3.')[0];
  const Key = decodeURIComponent(url.pathname.slice(1));
  const query = (name: string) => url.searchParams.get(name) ?? undefined;
  if (query('list-type')) {
    return { operation: 'ListObjectsV2', input: { Bucket, Prefix: query('prefix'), Delimiter: query('delimiter') } };
  }
  switch (method) {
    case 'GET':
      return { operation: 'GetObject', input: { Bucket, Key } };
    case 'HEAD':
      return {
        operation: 'HeadObject',
        input: { Bucket, Key, VersionId: query('versionId'), IfMatch: headers['if-match'] },
      };
    case 'PUT':
      return { operation: 'PutObject', input: { Bucket, Key, Body: body, IfNoneMatch: headers['if-none-match'] } };
    default:
      throw new Error(`no such call of S3: ${method} ${path}`);
  }
}

function encodeS3(operation: string, output: any): HttpResponse {
  switch (operation) {
    case 'GetObject':
      return { status: 200, body: output.Body };
    case 'HeadObject':
      return {
        status: 200,
        headers: {
          etag: output.ETag,
          'x-amz-version-id': output.VersionId,
          'content-length': String(output.ContentLength),
          'last-modified': output.LastModified.toUTCString(),
          'content-type': 'text/csv',
        },
      };
    case 'ListObjectsV2':
      return {
        status: 200,
        body: [
          '<ListBucketResult><IsTruncated>false</IsTruncated>',
          ...output.keys.map((key: string) => `<Contents><Key>${key}</Key></Contents>`),
          ...output.prefixes.map((prefix: string) => `<CommonPrefixes><Prefix>${prefix}</Prefix></CommonPrefixes>`),
          '</ListBucketResult>',
        ].join(''),
      };
    default:
      return { status: 200 };
  }
}
