import { TransactionCanceledException, type CancellationReason } from '@aws-sdk/client-dynamodb';
import { FakeAws, TABLE } from './fake-aws';
import { updateEach } from '../../src/file-ledger/runtime/conditional-updates';

let aws: FakeAws;

beforeEach(() => {
  aws = new FakeAws();
});

/** Numbers an item that is not numbered yet. */
const update = (id: string, number: number) => ({
  TableName: TABLE,
  Key: { id },
  UpdateExpression: 'SET #number = :number',
  ConditionExpression: 'attribute_not_exists(#number)',
  ExpressionAttributeNames: { '#number': 'number' },
  ExpressionAttributeValues: { ':number': number },
});

const updates = (count: number) => Array.from({ length: count }, (_, number) => update(`item-${number}`, number));

const canceled = (reasons: CancellationReason[]) =>
  new TransactionCanceledException({ message: 'canceled', $metadata: {}, CancellationReasons: reasons });

const named = (name: string) => Object.assign(new Error(name), { name });

test('every update whose condition holds is made, the others tell what was there', async () => {
  aws.items.set('item-1', { id: 'item-1', number: 7 });
  expect(await updateEach(updates(3))).toEqual([
    undefined,
    { old: { id: { S: 'item-1' }, number: { N: '7' } } },
    undefined,
  ]);
  expect([...aws.items.values()]).toEqual([
    { id: 'item-1', number: 7 },
    { id: 'item-0', number: 0 },
    { id: 'item-2', number: 2 },
  ]);
});

test('many go in transactions of 100, at most four at a time', async () => {
  aws.delay = () => 2;
  await updateEach(updates(1_050));
  expect(aws.calls).toHaveLength(11);
  expect(aws.inFlight.most).toBe(4);
  expect(aws.items.size).toBe(1_050);
});

test('none needs no call', async () => {
  expect(await updateEach([])).toEqual([]);
  expect(aws.calls).toEqual([]);
});

test.each([
  ['another transaction on an item', canceled([{ Code: 'TransactionConflict' }, { Code: 'None' }])],
  ['throttling of an item', canceled([{ Code: 'None' }, { Code: 'ThrottlingError' }])],
  ['throttling of the call', named('ThrottlingException')],
  ['too little capacity', named('ProvisionedThroughputExceededException')],
])('%s passes: the same is sent again', async (_, error) => {
  aws.refuseNext('TransactWriteItems', error);
  expect(await updateEach(updates(2))).toEqual([undefined, undefined]);
  expect(aws.items.size).toBe(2);
});

test('a conflict beside a condition that does not hold: the rest is sent again', async () => {
  aws.items.set('item-0', { id: 'item-0', number: 7 });
  aws.refuseNext(
    'TransactWriteItems',
    canceled([{ Code: 'ConditionalCheckFailed', Item: { number: { N: '7' } } }, { Code: 'TransactionConflict' }]),
  );
  expect(await updateEach(updates(2))).toEqual([{ old: { number: { N: '7' } } }, undefined]);
  expect(aws.items.get('item-1')).toEqual({ id: 'item-1', number: 1 });
});

test.each([
  ['a reason that does not pass', canceled([{ Code: 'ValidationError' }, { Code: 'None' }])],
  ['no permission', named('AccessDeniedException')],
])('%s is an error', async (_, error) => {
  aws.refuseNext('TransactWriteItems', error);
  await expect(updateEach(updates(2))).rejects.toBe(error);
  expect(aws.calls).toHaveLength(1);
});

test('what never passes is an error in the end', async () => {
  jest.spyOn(Math, 'random').mockReturnValue(0); // pauses of no length
  const error = canceled([{ Code: 'TransactionConflict' }]);
  for (let tries = 0; tries < 12; tries++) aws.refuseNext('TransactWriteItems', error);
  await expect(updateEach(updates(1))).rejects.toBe(error);
  jest.restoreAllMocks();
});
