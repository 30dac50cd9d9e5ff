import { App, Aws, CfnParameter, Stack, Token } from 'aws-cdk-lib';
import { Column, DataFormat, Dataset } from '../../src';
import { fillHiveScript, HIVE_PLACEHOLDER } from '../../src/emr-hive-dynamo-step/contract';
import { hiveLiteral } from '../../src/emr-hive-dynamo-step/hive-literal';
import { hiveScript, HiveScriptProps } from '../../src/emr-hive-dynamo-step/hive-script';

// What the script does is tested on the real Hive: test/local/hive-script.test.ts.

const ORDERS = new Dataset({
  name: 'orders',
  format: DataFormat.csv(),
  columns: [Column.string('Order_Id'), Column.decimal('amount', 12, 2), Column.bool('gift'), Column.timestamp('updated_at')],
  key: ['Order_Id'],
  latestBy: 'updated_at',
});

const PLACES = { workBucket: 'work', runId: '20260131T120000Z-0123456789abcdef', stepId: 'ToDynamo' };

function render(props: Partial<HiveScriptProps> = {}): string {
  return hiveScript({ dataset: ORDERS._definition, tableName: 'orders', attributeNames: {}, writeThroughputPercent: 50, ...props });
}

describe('the rendered script', () => {
  test('is the same each time', () => {
    expect(render()).toBe(render());
  });

  test('is plain ASCII, whatever the dataset and the table hold', () => {
    expect(render({ attributeNames: { amount: 'Betrag in €' } })).toMatch(/^[\n -~]*$/);
  });

  test('fits into the arguments of a state, or says that it does not', () => {
    const wide = (length: number) => new Dataset({
      name: 'wide', format: DataFormat.csv(), columns: Array.from({ length }, (_, index) => Column.string(`column_${index}`)), key: ['column_0'],
    });
    expect(render({ dataset: wide(200)._definition }).length).toBeLessThan(200_000);
    expect(() => render({ dataset: wide(600)._definition })).toThrow(/dataset 'wide' has too many columns \(600\) .* at most 200000 characters, got \d+/);
  });

  test('names columns in lower case, as Hive does, and attributes as they are', () => {
    expect(render({ attributeNames: { amount: 'Amount: total' } })).toContain(
      "'dynamodb.column.mapping' = 'value_order_id:Order_Id,value_amount:Amount: total,value_gift:gift,value_updated_at:updated_at'");
  });

  test('takes its part of the write capacity', () => {
    expect(render({ writeThroughputPercent: 75 })).toContain("'dynamodb.throughput.write.percent' = '0.75'");
    expect(() => render({ writeThroughputPercent: Token.asNumber({ Ref: 'Percent' }) })).toThrow(/must be known when the app is synthesized/);
  });

  test('may name a table that is known at deployment only', () => {
    const stack = new Stack(new App(), 'Stack');
    const parameter = new CfnParameter(stack, 'Table');
    expect(stack.resolve(render({ tableName: parameter.valueAsString }))).toEqual({
      'Fn::Join': ['', [expect.stringMatching(/'dynamodb.table.name' = '$/), { Ref: 'Table' }, expect.stringMatching(/^',\n/)]],
    });
  });

  test('has each placeholder, and no other text that looks like one', () => {
    const names = Object.values(HIVE_PLACEHOLDER);
    const script = render({ attributeNames: { amount: names.join('') } });
    for (const name of names) expect(script).toContain(name);
    expect(new Set(script.match(/<[a-z][^>\n]*>/g))).toEqual(new Set(names));
    expect(script.match(/'dynamodb.column.mapping' = .*/)![0]).not.toContain('<');
  });

  test('has statements that the command line of Hive can tell apart', () => {
    // it splits at semicolons outside of quotes, and does not know comments when it does
    for (const line of render().split('\n').filter(text => text.startsWith('--'))) expect(line).not.toMatch(/[;'"]/);
    const literals = render().match(/'(\\.|[^'\\])*'/g)!;
    for (const literal of literals) {
      expect(literal.slice(1, -1)).not.toMatch(/[';]/);
      expect(literal.split('"').length % 2).toBe(1); // pairs of double quotes only
    }
  });

  test('chooses by latestBy first, then by every column that is not of the key', () => {
    const order = render().match(/ORDER BY ([\s\S]*?)\n {4}\) AS place/)![1].split(/,\s*/);
    expect(order).toEqual([
      'value_updated_at DESC NULLS LAST', 'value_amount DESC NULLS LAST', 'value_gift DESC NULLS LAST', 'value_updated_at DESC NULLS LAST',
    ]);
  });

  test('counts the header line of a file as none of its rows', () => {
    const withoutHeader = new Dataset({ name: 'plain', format: DataFormat.csv({ header: false }), columns: [Column.string('id')], key: ['id'] });
    expect(render()).toContain("'skip.header.line.count' = '1'");
    expect(render({ dataset: withoutHeader._definition })).toContain("'skip.header.line.count' = '0'");
  });
});

describe('the script of a run', () => {
  test('names the places of the run', () => {
    const script = fillHiveScript(render(), PLACES);
    expect(script).not.toMatch(/<[a-z]/);
    expect(script).toContain("LOCATION 's3://work/runs/20260131T120000Z-0123456789abcdef/input/'");
    expect(script).toContain("DIRECTORY 's3://work/runs/20260131T120000Z-0123456789abcdef/ToDynamo/rejected/'");
    expect(script).toContain("DIRECTORY 's3://work/runs/20260131T120000Z-0123456789abcdef/ToDynamo/counts/read'");
  });

  test('has tables that no other run or step has', () => {
    const tables = (places: Partial<typeof PLACES>) => fillHiveScript(render(), { ...PLACES, ...places }).match(/\bstaged_\w+/)![0];
    const steps = ['a-b', 'a_b', 'A-b', 'a_2db', 'a__b'].map(stepId => tables({ stepId }));
    expect(new Set(steps).size).toBe(steps.length);
    for (const name of steps) expect(name).toMatch(/^[a-z0-9_]+$/); // Hive folds upper case
    expect(tables({ runId: '20260131T120000Z-0123456789abcdee' })).not.toBe(tables({}));
  });

  test.each([
    ['workBucket', "bucket' or '"], ['runId', 'a b'], ['stepId', '../x'], ['stepId', ''], ['runId', 'a\n'],
  ])('refuses a %s of other characters: %j', (name, text) => {
    expect(() => fillHiveScript(render(), { ...PLACES, [name]: text })).toThrow(`'${name}' must have letters, digits, dots, hyphens and underscores only`);
  });
});

describe('a literal', () => {
  test.each([
    ['plain text, 1.50 (x)', "'plain text, 1.50 (x)'"],
    ["it's", "'it\\u0027s'"],
    ['say "hi"; then', "'say \\u0022hi\\u0022\\u003b then'"],
    ['C:\\temp', "'C:\\\\temp'"],
    ['<run>', "'\\u003crun>'"],
    ['a\r\n\tb\0', "'a\\u000d\\u000a\\u0009b\\u0000'"],
    ['é😀', "'\\u00e9\\ud83d\\ude00'"],
    ['', "''"],
  ])('of %j is %s', (text, literal) => {
    expect(hiveLiteral(text)).toBe(literal);
  });

  test('of a token is the token', () => {
    expect(hiveLiteral(Aws.STACK_NAME)).toBe(`'${Aws.STACK_NAME}'`);
  });
});
