import { Aws, Token } from 'aws-cdk-lib';
import { Column, DataFormat, Dataset, DatasetProps } from '../../src';

const PROPS: DatasetProps = {
  name: 'orders',
  format: DataFormat.csv(),
  columns: [Column.string('order_id'), Column.decimal('amount', 12, 2), Column.timestamp('updated_at')],
  key: ['order_id'],
  latestBy: 'updated_at',
};

const dataset = (props: Partial<DatasetProps>) => () => new Dataset({ ...PROPS, ...props });

test('the definition is what the constructs and the runtime code need', () => {
  const orders = new Dataset({
    name: 'orders',
    format: DataFormat.csv({ delimiter: ';' }),
    columns: [
      Column.string('order_id', { header: 'Order' }),
      Column.integer('quantity', { required: true }),
      Column.decimal('amount', 12, 2),
      Column.floatingPoint('weight'),
      Column.bool('gift'),
      Column.date('ordered_on'),
      Column.timestamp('updated_at'),
    ],
    key: ['order_id'],
    latestBy: 'updated_at',
  });

  expect(orders.name).toBe('orders');
  expect(orders._definition).toEqual({
    name: 'orders',
    format: { type: 'csv', delimiter: ';', header: true },
    columns: [
      { name: 'order_id', type: 'string', header: 'Order', required: true }, // by the key
      { name: 'quantity', type: 'integer', header: 'quantity', required: true },
      { name: 'amount', type: 'decimal', header: 'amount', required: false, precision: 12, scale: 2 },
      { name: 'weight', type: 'floatingPoint', header: 'weight', required: false },
      { name: 'gift', type: 'bool', header: 'gift', required: false },
      { name: 'ordered_on', type: 'date', header: 'ordered_on', required: false },
      { name: 'updated_at', type: 'timestamp', header: 'updated_at', required: false },
    ],
    key: ['order_id'],
    latestBy: 'updated_at',
  });
});

test('neither key nor latestBy is needed', () => {
  expect(dataset({ key: undefined, latestBy: undefined })()._definition).toMatchObject({ key: [] });
  expect(dataset({ key: undefined, latestBy: undefined })()._definition).not.toHaveProperty('latestBy');
});

test('CSV has commas and a header unless it is said otherwise', () => {
  expect(DataFormat.csv()._definition).toEqual({ type: 'csv', delimiter: ',', header: true });
  expect(DataFormat.csv({ header: false, delimiter: '\t' })._definition).toEqual({
    type: 'csv',
    delimiter: '\t',
    header: false,
  });
});

describe('refused:', () => {
  test.each([
    ['a dataset without columns', dataset({ columns: [] }), /must have at least one column/],
    ['an empty name', dataset({ name: '' }), /a dataset's name must have letters .* got ""/],
    ['a name with a hyphen', dataset({ name: 'my-orders' }), /got "my-orders"/],
    ['a name that is too long', dataset({ name: 'x'.repeat(128) }), /at most 127 characters, got 128/],
    [
      'a name that is a token',
      dataset({ name: Aws.STACK_NAME }),
      /must be known when the app is synthesized, got a token/,
    ],
    ['a column twice', dataset({ columns: [...PROPS.columns, Column.bool('amount')] }), /'amount' more than once/],
    [
      'columns equal but for their case',
      dataset({ columns: [...PROPS.columns, Column.bool('AMOUNT')] }),
      /'amount' more than once/,
    ],
    [
      'a header twice',
      dataset({ columns: [...PROPS.columns, Column.bool('gift', { header: 'amount' })] }),
      /headers of columns must differ .* 'amount'/,
    ],
    [
      'a header of a file that has none',
      dataset({
        format: DataFormat.csv({ header: false }),
        columns: [...PROPS.columns, Column.bool('gift', { header: 'Gift' })],
      }),
      /column 'gift' has the header 'Gift', but its files have none/,
    ],
    ['an empty key', dataset({ key: [] }), /'key' must name at least one column/],
    [
      'a key that is no column',
      dataset({ key: ['id'] }),
      /'key' must name columns of the dataset \(order_id, amount, updated_at\), got 'id'/,
    ],
    ['a key in another case', dataset({ key: ['ORDER_ID'] }), /'key' must name columns .* got 'ORDER_ID'/],
    [
      'a column of the key twice',
      dataset({ key: ['order_id', 'order_id'] }),
      /columns of the key must differ .* 'order_id'/,
    ],
    ['a latestBy that is no column', dataset({ latestBy: 'changed' }), /'latestBy' must name columns .* got 'changed'/],
    ['a latestBy of the key', dataset({ latestBy: 'order_id' }), /is the same in all rows with one key/],
    ['a latestBy without key', dataset({ key: undefined }), /there is no 'key'/],

    ['a column without name', () => Column.string(''), /a column's name must have letters/],
    ['a column whose name begins with a digit', () => Column.string('1st'), /got "1st"/],
    ['a column whose name has a space', () => Column.string('order id'), /got "order id"/],
    ['a column whose name has other letters', () => Column.string('größe'), /got "größe"/],
    ['a column whose name ends a line', () => Column.string('id\n'), /got "id\\n"/],
    ['a column whose name is too long', () => Column.string('x'.repeat(128)), /at most 127 characters/],
    ['a column whose name is a token', () => Column.string(Token.asString({ Ref: 'Name' })), /got a token/],
    [
      'an empty header',
      () => Column.string('id', { header: '' }),
      /the header of column 'id' must be text on one line, not empty/,
    ],
    ['a header of two lines', () => Column.string('id', { header: 'a\nb' }), /got "a\\nb"/],
    [
      'a header that is a token',
      () => Column.string('id', { header: Aws.STACK_NAME }),
      /the header of column 'id' .* got a token/,
    ],
    [
      'precision 0',
      () => Column.decimal('amount', 0, 0),
      /'precision' of column 'amount' must be a whole number from 1 to 38, got 0/,
    ],
    ['precision 39', () => Column.decimal('amount', 39, 0), /from 1 to 38, got 39/],
    ['a precision that is not whole', () => Column.decimal('amount', 1.5, 0), /got 1.5/],
    [
      'a scale above the precision',
      () => Column.decimal('amount', 4, 5),
      /'scale' of column 'amount' must be a whole number from 0 to 4, got 5/,
    ],
    ['a scale below zero', () => Column.decimal('amount', 4, -1), /from 0 to 4, got -1/],
    [
      'a precision that is a token',
      () => Column.decimal('amount', Token.asNumber({ Ref: 'P' }), 0),
      /'precision' of column 'amount' .* got a token/,
    ],

    [
      'no delimiter',
      () => DataFormat.csv({ delimiter: '' }),
      /one printable ASCII character or a tab, and not the double quote, got ""/,
    ],
    ['a delimiter of two characters', () => DataFormat.csv({ delimiter: '||' }), /got "\|\|"/],
    ['a quote as delimiter', () => DataFormat.csv({ delimiter: '"' }), /got "\\""/],
    ['a line end as delimiter', () => DataFormat.csv({ delimiter: '\n' }), /got "\\n"/],
    ['a carriage return as delimiter', () => DataFormat.csv({ delimiter: '\r' }), /got "\\r"/],
    ['a delimiter outside of ASCII', () => DataFormat.csv({ delimiter: '§' }), /got "§"/],
    ['a delimiter that is a token', () => DataFormat.csv({ delimiter: Aws.STACK_NAME }), /got a token/],
  ])('%s', (_, create, message) => {
    expect(create).toThrow(message);
  });
});
