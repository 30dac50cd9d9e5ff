import { createServer } from 'http';
import type { AddressInfo } from 'net';
import { objectCreatedMessage, Queue } from '../../../local/demo/queue';

const FILE = {
  id: 'f00',
  bucket: 'landing',
  key: 'orders/ä b+c.csv',
  versionId: 'v1',
  etag: '"abc"',
  size: 7,
  status: 'LOADED' as const,
  runId: 'R',
  limit: 0,
  arrived: '2026-11-01T10:00:00.000Z#0055AED6DCD90281E500000000000000#f00',
};

test('the event names the version as S3 does', () => {
  const [record] = JSON.parse(objectCreatedMessage(FILE)).Records;
  expect(record).toMatchObject({
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    eventTime: '2026-11-01T10:00:00.000Z',
  });
  expect(record.s3).toMatchObject({
    bucket: { name: 'landing' },
    object: {
      key: 'orders/%C3%A4+b%2Bc.csv',
      versionId: 'v1',
      eTag: 'abc',
      size: 7,
      sequencer: '0055AED6DCD90281E500000000000000',
    },
  });
});

test('an arrival that told no sequencer is announced without', () => {
  const [record] = JSON.parse(objectCreatedMessage({ ...FILE, arrived: '2026-11-01T10:00:00.000Z#f00' })).Records;
  expect(record.s3.object).not.toHaveProperty('sequencer');
});

describe('the queue', () => {
  const requests: Array<{ target: unknown; body: unknown }> = [];
  let answer = { status: 200, body: '{}' };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', chunk => {
      body += chunk;
    });
    request.on('end', () => {
      const target = request.headers['x-amz-target'];
      requests.push({ target, body: JSON.parse(body) });
      const isUrl = target === 'AmazonSQS.GetQueueUrl';
      response.writeHead(isUrl ? 200 : answer.status).end(isUrl ? '{"QueueUrl":"http://queue"}' : answer.body);
    });
  });
  let queue: Queue;
  beforeAll(async () => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    queue = new Queue(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'uploads');
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    requests.length = 0;
  });

  test('is found by its name once, and takes messages', async () => {
    answer = { status: 200, body: '{"MessageId":"1"}' };
    await queue.send('hello');
    await queue.send('again');
    expect(requests).toEqual([
      { target: 'AmazonSQS.GetQueueUrl', body: { QueueName: 'uploads' } },
      { target: 'AmazonSQS.SendMessage', body: { QueueUrl: 'http://queue', MessageBody: 'hello' } },
      { target: 'AmazonSQS.SendMessage', body: { QueueUrl: 'http://queue', MessageBody: 'again' } },
    ]);
  });

  test('counts messages that wait and messages that a function works on', async () => {
    answer = {
      status: 200,
      body: '{"Attributes":{"ApproximateNumberOfMessages":"2","ApproximateNumberOfMessagesNotVisible":"1"}}',
    };
    expect(await queue.messages()).toBe(3);
  });

  test('does not take an error for an answer', async () => {
    answer = { status: 400, body: 'no such queue' };
    await expect(queue.send('hello')).rejects.toThrow('SQS SendMessage failed with 400: no such queue');
  });
});
