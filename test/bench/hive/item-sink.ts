import { createServer, IncomingMessage } from 'http';
import { AddressInfo } from 'net';
import { setTimeout as sleep } from 'timers/promises';

/** An endpoint of DynamoDB that takes every item, keeps none, and counts them. */
export interface ItemSink {
  readonly endpoint: string;
  /** Items since the last call. */
  takeCount(): number;
  /** How long BatchWriteItem takes from now on; 0, as at first, answers at once. */
  answerAfter(milliseconds: number): void;
  close(): void;
}

// More than any load writes, so that the connector's write rate limits nothing.
const WRITE_UNITS = 100_000_000;

export async function startItemSink(table: string, key: string): Promise<ItemSink> {
  const description = {
    TableName: table,
    TableStatus: 'ACTIVE',
    KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
    ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: WRITE_UNITS, NumberOfDecreasesToday: 0 },
    ItemCount: 0,
    TableSizeBytes: 0,
  };
  let items = 0;
  let answerMilliseconds = 0;

  function answer(operation: string, body: Buffer): object {
    switch (operation) {
      case 'DescribeTable':
        return { Table: description };
      case 'BatchWriteItem': {
        const count = occurrences(body, '"PutRequest"');
        items += count;
        return { UnprocessedItems: {}, ConsumedCapacity: [{ TableName: table, CapacityUnits: count }] };
      }
      default:
        throw new Error(`the item sink does not know ${operation}`);
    }
  }

  const server = createServer((request, response) => {
    void bodyOf(request).then(async body => {
      if (answerMilliseconds > 0) await sleep(answerMilliseconds);
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      response.end(JSON.stringify(answer(String(request.headers['x-amz-target']).split('.').pop()!, body)));
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeCount() {
      const count = items;
      items = 0;
      return count;
    },
    answerAfter(milliseconds) {
      answerMilliseconds = milliseconds;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function occurrences(body: Buffer, text: string): number {
  let count = 0;
  for (let at = body.indexOf(text); at !== -1; at = body.indexOf(text, at + text.length)) count++;
  return count;
}
