import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, Aws, CfnParameter, Stack } from 'aws-cdk-lib';
import { Column, DataFormat, Dataset, HiveTransform } from '../../src';
import { fillHiveScript, HIVE_PLACEHOLDER, HiveScriptPlaces } from '../../src/emr-hive-dynamo-step/contract';
import { hiveLiteral } from '../../src/emr-hive-dynamo-step/hive-literal';
import { hiveScript, HiveScriptProps } from '../../src/emr-hive-dynamo-step/hive-script';

// What the script does is tested on the real Hive: test/local/hive-script.test.ts.

const ORDERS = new Dataset({
  name: 'orders',
  format: DataFormat.csv(),
  columns: [
    Column.string('Order_Id'),
    Column.decimal('amount', 12, 2),
    Column.bool('gift'),
    Column.timestamp('updated_at'),
  ],
  key: ['Order_Id'],
  latestBy: 'updated_at',
});

const PLACES: HiveScriptPlaces = {
  workBucket: 'work',
  runId: '20260131T120000Z-0123456789abcdef',
  stepId: 'ToDynamo',
  reducers: 20,
  writeRate: { percent: 75 },
};

function render(props: Partial<HiveScriptProps> = {}): string {
  return hiveScript({
    dataset: ORDERS._definition,
    tableName: 'orders',
    attributeNames: {},
    epochSeconds: [],
    ...props,
  });
}

describe('the rendered script', () => {
  test('is the same each time', () => {
    expect(render()).toBe(render());
  });

  test('is plain ASCII, whatever the dataset and the table hold', () => {
    expect(render({ attributeNames: { amount: 'Betrag in €' } })).toMatch(/^[\n -~]*$/);
  });

  test('fits into the arguments of a state, or says that it does not', () => {
    const wide = (length: number) =>
      new Dataset({
        name: 'wide',
        format: DataFormat.csv(),
        columns: Array.from({ length }, (_, index) => Column.string(`column_${index}`)),
        key: ['column_0'],
      });
    expect(render({ dataset: wide(200)._definition }).length).toBeLessThan(200_000);
    expect(() => render({ dataset: wide(600)._definition })).toThrow(
      /dataset 'wide' has too many columns \(600\) .* at most 200000 characters, got \d+/,
    );
  });

  test('names columns in lower case, as Hive does, and attributes as they are', () => {
    expect(render({ attributeNames: { gift: 'Gift: wrapped' } })).toContain(
      "'dynamodb.column.mapping' = 'value_order_id:Order_Id,value_gift:Gift: wrapped,value_updated_at:updated_at'",
    );
  });

  test('sends decimals as exact numbers, through the item column', () => {
    const script = render({ attributeNames: { amount: 'Betrag in €' } });
    expect(script).toMatch(/TABLE dynamo \([^;]*exact_numbers MAP<STRING,STRING>\n\)/);
    expect(script).toContain("concat('Betrag in \\u20ac\\u0002{\\u0022n\\u0022:\\u0022', value_amount, '\\u0022}')");
  });

  test('has no item column if there are no decimals', () => {
    const plain = new Dataset({
      name: 'plain',
      format: DataFormat.csv(),
      columns: [Column.string('id'), Column.floatingPoint('x')],
      key: ['id'],
    });
    expect(render({ dataset: plain._definition })).not.toContain('MAP<');
  });

  test('may name a table that is known at deployment only', () => {
    const stack = new Stack(new App(), 'Stack');
    const parameter = new CfnParameter(stack, 'Table');
    expect(stack.resolve(render({ tableName: parameter.valueAsString }))).toEqual({
      'Fn::Join': [
        '',
        [expect.stringMatching(/'dynamodb.table.name' = '$/), { Ref: 'Table' }, expect.stringMatching(/^',\n/)],
      ],
    });
  });

  test('has each placeholder, and no other text that looks like one', () => {
    const names = Object.values(HIVE_PLACEHOLDER);
    const script = render({ attributeNames: { gift: names.join('') } });
    for (const name of names) expect(script).toContain(name);
    expect(new Set(script.match(/<[a-z][^>\n]*>/g))).toEqual(new Set(names));
    expect(script.match(/'dynamodb.column.mapping' = .*/)![0]).not.toContain('<');
  });

  test('has statements that the command line of Hive can tell apart', () => {
    // it splits at semicolons outside of quotes, and does not know comments when it does
    for (const line of render()
      .split('\n')
      .filter(text => text.startsWith('--'))) {
      expect(line).not.toMatch(/[;'"]/);
    }
    const literals = render().match(/'(\\.|[^'\\])*'/g)!;
    for (const literal of literals) {
      expect(literal.slice(1, -1)).not.toMatch(/[';]/);
      expect(literal.split('"').length % 2).toBe(1); // pairs of double quotes only
    }
  });

  test('chooses by latestBy first, then by every column that is not of the key', () => {
    const order = render()
      .match(/ORDER BY ([\s\S]*?)\n {4}\) AS place/)![1]
      .split(/,\s*/);
    expect(order).toEqual([
      'value_updated_at DESC NULLS LAST',
      'value_amount DESC NULLS LAST',
      'value_gift DESC NULLS LAST',
      'value_updated_at DESC NULLS LAST',
    ]);
  });

  test('counts the header line of a file as none of its rows', () => {
    const withoutHeader = new Dataset({
      name: 'plain',
      format: DataFormat.csv({ header: false }),
      columns: [Column.string('id')],
      key: ['id'],
    });
    expect(render()).toContain("'skip.header.line.count' = '1'");
    expect(render({ dataset: withoutHeader._definition })).toContain("'skip.header.line.count' = '0'");
  });
});

describe('the script for Tez', () => {
  const settings = (script: string) => script.split('\n').filter(line => line.startsWith('set '));

  test('tells the connector, which cannot count there, how many tasks write: as many as files', () => {
    const script = fillHiveScript(render({ engine: 'tez' }), { ...PLACES, reducers: 7 });
    expect(script).toContain('set mapreduce.job.reduces=7;');
    const write = script.slice(script.indexOf('---- write'));
    expect(settings(write)).toEqual([
      'set tez.grouping.split-count=7;',
      'set dynamodb.yarn.enabled=false;',
      'set mapreduce.job.maps=7;',
    ]);
  });

  test('runs no task twice at a time, keeps its number of reducers, and logs no items', () => {
    expect(settings(render({ engine: 'tez' }))).toEqual(
      expect.arrayContaining([
        'set hive.execution.engine=tez;',
        'set tez.am.speculation.enabled=false;',
        'set hive.tez.auto.reducer.parallelism=false;',
        'set tez.task.log.level=WARN;',
      ]),
    );
  });

  test('differs from the one for MapReduce in its settings only', () => {
    const others = (engine: 'mr' | 'tez') =>
      render({ engine })
        .split('\n')
        .filter(line => !/^(set|--) /.test(line));
    expect(others('tez')).toEqual(others('mr'));
    expect(settings(render()).join()).not.toMatch(/tez\.(am|task|grouping)|yarn\.enabled/);
  });

  test('has comments that the command line of Hive does not split at', () => {
    for (const line of render({ engine: 'tez' })
      .split('\n')
      .filter(text => text.startsWith('--'))) {
      expect(line).not.toMatch(/[;'"]/);
    }
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

  test('has tables of the session only, which no other run meets and nobody has to drop', () => {
    expect(render().match(/CREATE .*TABLE/g)).toEqual([
      'CREATE TEMPORARY EXTERNAL TABLE',
      'CREATE TEMPORARY EXTERNAL TABLE',
      'CREATE TEMPORARY TABLE',
    ]);
  });

  test('writes with as many tasks as it is told, at the rate that it is told', () => {
    const script = fillHiveScript(render(), { ...PLACES, reducers: 7, writeRate: { units: 1_500, percent: 100 } });
    expect(script).toContain('set mapreduce.job.reduces=7;');
    expect(script).toContain("'dynamodb.throughput.write' = '1500',\n  'dynamodb.throughput.write.percent' = '1'\n");
  });

  test('leaves the capacity to the connector if it is told a part of it only', () => {
    const script = fillHiveScript(render(), PLACES);
    expect(script).toContain("'dynamodb.throughput.write.percent' = '0.75'");
    expect(script).not.toContain("'dynamodb.throughput.write' =");
  });

  test.each([
    ['workBucket', "bucket' or '"],
    ['runId', 'a b'],
    ['stepId', '../x'],
    ['stepId', ''],
    ['runId', 'a\n'],
  ])('refuses a %s of other characters: %j', (name, text) => {
    expect(() => fillHiveScript(render(), { ...PLACES, [name]: text })).toThrow(
      `'${name}' must have letters, digits, dots, hyphens and underscores only`,
    );
  });
});

describe('a transform', () => {
  const COLUMNS = [Column.string('Order_Id'), Column.decimal('total', 12, 2), Column.timestamp('updated_at')];
  const inline = (statement: string) => HiveTransform.inline(statement, COLUMNS);
  const withTransform = (statement: string) => render({ transform: inline(statement)._definition });
  const SELECT = 'SELECT Order_Id, amount AS total, updated_at FROM orders';

  test('reads a table of the dataset, and is between it and the rows that are judged again', () => {
    const script = withTransform(SELECT);
    expect(script).toMatch(
      /CREATE TEMPORARY TABLE `orders` \(\n {2}`Order_Id` STRING,\n {2}`amount` DECIMAL\(12,2\),\n {2}`gift` BOOLEAN,\n {2}`updated_at` STRING\n\)/,
    );
    expect(script.indexOf('INSERT OVERWRITE TABLE `orders`')).toBeLessThan(script.indexOf(SELECT));
    expect(script.indexOf(SELECT)).toBeLessThan(script.indexOf('INSERT OVERWRITE TABLE chosen'));
    expect(script).toContain("'value_order_id:Order_Id,value_updated_at:updated_at'");
  });

  test.each([
    ['a semicolon at the end', `${SELECT} ;\n`, `${SELECT}\n`],
    ['a semicolon in a literal', "SELECT ';' FROM orders", "SELECT '\\u003b' FROM orders"],
    ['double quotes', 'SELECT "it\'s" FROM orders', "SELECT 'it\\u0027s' FROM orders"],
    ['an escaped quote', "SELECT 'it\\'s' FROM orders", "SELECT 'it\\u0027s' FROM orders"],
    ['other escapes', "SELECT '\\\\d\\n\\u00e9' FROM orders", "SELECT '\\\\d\\n\\u00e9' FROM orders"],
    ['another script', "SELECT '№ 😀' FROM orders", "SELECT '\\u2116 \\ud83d\\ude00' FROM orders"],
    ['a variable', "SELECT '${env:HOME}' FROM orders", "SELECT '\\u0024{env:HOME}' FROM orders"],
    [
      'a placeholder',
      "SELECT '<reducers>', amount <reducers FROM orders",
      "SELECT '\\u003creducers>', amount < reducers FROM orders",
    ],
    [
      'comparisons',
      'SELECT 1 FROM orders WHERE a<>b AND a<=b AND a<1',
      'SELECT 1 FROM orders WHERE a<>b AND a<=b AND a<1',
    ],
    ['a comment with a quote', "SELECT 1 -- don't;\nFROM orders", 'SELECT 1\n'],
    ['line ends of Windows', 'SELECT 1\r\nFROM orders', 'SELECT 1\n'],
  ])('may have %s', (_, statement, safe) => {
    const script = withTransform(statement);
    expect(script).toContain(safe);
    expect(script).toMatch(/^[\n -~]*$/);
    expect(new Set(script.match(/<[a-z][^>\n]*>/g))).toEqual(new Set(Object.values(HIVE_PLACEHOLDER)));
  });

  test.each([
    ['SELECT 1; SELECT 2', /must be one SELECT, got a semicolon in the middle/],
    ['INSERT INTO x SELECT 1', /must begin with SELECT, got "INSERT INTO x SELECT 1"/],
    ['WITH x AS (SELECT 1) SELECT * FROM x', /must begin with SELECT, .* as subqueries in FROM/],
    ['', /must begin with SELECT, got ""/],
    ["SELECT 'a FROM orders", /has a quote \('\) that is not closed/],
    ['SELECT ${hivevar:x} FROM orders', /has "\$" outside of a literal/],
    ['SELECT größe FROM orders', /has "ö" outside of a literal/],
    ['SELECT `a;b` FROM orders', /has "`a;b`" outside of a literal/],
    [Aws.STACK_NAME, /must be known when the app is synthesized/],
  ])('must be one SELECT: %j', (statement, message) => {
    expect(() => inline(statement)).toThrow(message);
  });

  test('must yield the columns of the key and of latestBy', () => {
    const without = HiveTransform.inline(SELECT, [Column.string('order_id'), Column.timestamp('updated_at')]);
    expect(() => render({ transform: without._definition })).toThrow(
      "'transform' must yield the columns of the key and of 'latestBy' of the dataset 'orders' (Order_Id, " +
        "updated_at), got order_id, updated_at. Add 'Order_Id'",
    );
  });

  test('must yield some columns, each once, without headers', () => {
    expect(() => HiveTransform.inline(SELECT, [])).toThrow(/at least one column, got none/);
    expect(() => HiveTransform.inline(SELECT, [Column.string('a'), Column.string('A')])).toThrow(
      /got 'a' more than once/,
    );
    expect(() => HiveTransform.inline(SELECT, [Column.string('a', { header: 'Name' })])).toThrow(
      /column 'a' has the header 'Name'.* remove 'header'/,
    );
  });

  test('needs a dataset whose name is no table of the script', () => {
    const dataset = new Dataset({
      name: 'Chosen',
      format: DataFormat.csv(),
      columns: [Column.string('id')],
      key: ['id'],
    })._definition;
    expect(() =>
      render({ dataset, transform: HiveTransform.inline('SELECT id FROM chosen', [Column.string('id')])._definition }),
    ).toThrow(/dataset 'Chosen': .* must not be one of staged, chosen, dynamo/);
  });

  test('may come from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'transform-'));
    try {
      writeFileSync(join(folder, 'orders.hql'), `-- the total\n${SELECT};\n`);
      expect(HiveTransform.fromFile(join(folder, 'orders.hql'), COLUMNS)._definition).toEqual(
        inline(SELECT)._definition,
      );
      expect(() => HiveTransform.fromFile(join(folder, 'other.hql'), COLUMNS)).toThrow(
        /must be readable, got .*other\.hql: ENOENT.*path\.join\(__dirname/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
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
    ['${x} $', "'\\u0024{x} $'"],
    ['', "''"],
  ])('of %j is %s', (text, literal) => {
    expect(hiveLiteral(text)).toBe(literal);
  });

  test('of a token is the token', () => {
    expect(hiveLiteral(Aws.STACK_NAME)).toBe(`'${Aws.STACK_NAME}'`);
  });
});
