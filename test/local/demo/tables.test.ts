import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { readDynamoDbTable, readRedshiftTable } from '../../../local/demo/tables';
import type { ColumnDefinition, DatasetDefinition } from '../../../src/dataset/contract';

const column = (name: string, type: ColumnDefinition['type']): ColumnDefinition => ({
  name,
  type,
  header: name,
  required: false,
});
const DATASET: DatasetDefinition = {
  name: 'orders',
  format: { type: 'csv', delimiter: ',', header: true },
  columns: [column('id', 'string'), column('quantity', 'integer'), column('gift', 'bool')],
  key: ['id'],
};

test('items are read page by page, with every column and every attribute that is none', async () => {
  const dynamodb = mockClient(DynamoDBClient);
  dynamodb
    .on(ScanCommand, { TableName: 'orders-table' })
    .resolvesOnce({
      Items: [{ id: { S: 'b' }, quantity: { N: '12345678901234567890' } }],
      LastEvaluatedKey: { id: { S: 'b' } },
    })
    .resolvesOnce({ Items: [{ id: { S: 'a' }, gift: { BOOL: false }, quantity: { SS: ['?'] }, total: { N: '1' } }] });
  expect(await readDynamoDbTable(new DynamoDBClient({}), 'orders-table', DATASET)).toEqual({
    columns: ['id', 'quantity', 'gift', 'total'],
    rows: [
      { id: 'a', quantity: '{"SS":["?"]}', gift: 'false', total: '1' },
      { id: 'b', quantity: '12345678901234567890', gift: null, total: null },
    ],
  });
});

test('rows are asked for as text, with quoted names', async () => {
  const query = jest
    .fn()
    .mockResolvedValueOnce([{ found: 'analytics.orders' }])
    .mockResolvedValueOnce([
      { id: 'b', quantity: '1', gift: null },
      { id: 'a', quantity: null, gift: 'true' },
    ]);
  expect(await readRedshiftTable(query, 'analytics', 'or"ders', DATASET)).toEqual({
    columns: ['id', 'quantity', 'gift'],
    rows: [
      { id: 'a', quantity: null, gift: 'true' },
      { id: 'b', quantity: '1', gift: null },
    ],
  });
  expect(query).toHaveBeenCalledWith(
    'SELECT "id"::varchar AS "id", "quantity"::varchar AS "quantity", ' +
      'CASE WHEN "gift" THEN \'true\' WHEN NOT "gift" THEN \'false\' END AS "gift" FROM "analytics"."or""ders"',
  );
});

test('a table that no load has made yet has no rows', async () => {
  const query = jest.fn().mockResolvedValueOnce([{ found: null }]);
  expect(await readRedshiftTable(query, 'analytics', "or'ders", DATASET)).toMatchObject({ rows: [] });
  expect(query).toHaveBeenCalledWith('SELECT to_regclass(\'"analytics"."or\'\'ders"\') AS found');
});
