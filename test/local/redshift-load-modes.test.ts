import { LoaderBench } from './loader-bench';
import { SERIALIZATION_FAILURE } from '../../local/redshift';
import { Column, DataFormat, Dataset } from '../../src';
import { LOADER_EXIT, LoaderInput } from '../../src/fargate-redshift-step/contract';

jest.setTimeout(240_000);

let tables = 0;
const newTable = () => `sales_${++tables}`;

const columns = [Column.string('id'), Column.string('day'), Column.integer('amount'), Column.timestamp('updated_at')];

/** Sales without a key. */
const sales = () => new Dataset({ name: newTable(), format: DataFormat.csv(), columns })._definition;
const keyed = () =>
  new Dataset({ name: newTable(), format: DataFormat.csv(), columns, key: ['id'], latestBy: 'updated_at' })._definition;

const HEADER = 'id,day,amount,updated_at\n';
const APPEND: Partial<LoaderInput> = { mode: 'append' };
const REPLACE: Partial<LoaderInput> = { mode: 'replace' };
const PARTITIONS: Partial<LoaderInput> = { mode: 'replace', partitionColumn: 'day' };

describe.each(['SERIALIZABLE', 'SNAPSHOT'] as const)('under %s isolation', isolation => {
  let bench: LoaderBench;
  beforeAll(async () => {
    bench = await LoaderBench.start({ isolation });
  });
  afterAll(async () => {
    await bench?.stop();
  });

  const texts = async (table: string) =>
    (
      await bench.redshift.query(`SELECT concat_ws(' ', id, day, amount) AS text FROM analytics.${table} ORDER BY 1`)
    ).map(({ text }) => text);
  const load = (dataset: ReturnType<typeof sales>, lines: string[], mode: Partial<LoaderInput>) =>
    bench.load(dataset, [{ content: `${HEADER}${lines.map(line => `${line}\n`).join('')}` }], mode);

  test('append adds every row, equal ones too', async () => {
    const dataset = sales();
    await load(dataset, ['a,mon,1,', 'a,mon,1,'], APPEND);
    expect(await load(dataset, ['a,mon,1,', 'b,,2,', 'c,mon,x,'], APPEND)).toMatchObject({
      rowsRead: 3,
      rowsWritten: 2,
      rowsRejected: 1,
      duplicatesDropped: 0,
    });
    expect(await texts(dataset.name)).toEqual(['a mon 1', 'a mon 1', 'a mon 1', 'b 2']);
  });

  test('append with a key adds one row for each key of a run, and looks at no row of the table', async () => {
    const dataset = keyed();
    await load(dataset, ['a,mon,1,2026-01-02T00:00:00Z'], APPEND);
    expect(await load(dataset, ['a,mon,2,2026-01-01T00:00:00Z', 'a,mon,3,2025-01-01T00:00:00Z'], APPEND)).toMatchObject(
      { rowsRead: 2, rowsWritten: 1, duplicatesDropped: 1 },
    );
    expect(await texts(dataset.name)).toEqual(['a mon 1', 'a mon 2']);
  });

  test('replace leaves the rows of the run alone', async () => {
    const dataset = sales();
    await load(dataset, ['a,mon,1,', 'b,tue,1,'], REPLACE);
    expect(await load(dataset, ['c,mon,2,', 'c,mon,2,'], REPLACE)).toMatchObject({ rowsWritten: 2 });
    expect(await texts(dataset.name)).toEqual(['c mon 2', 'c mon 2']);
  });

  test('replace by a partition leaves the rows of other partitions, and null is one', async () => {
    const dataset = keyed();
    await load(dataset, ['a,mon,1,', 'b,tue,1,', 'c,,1,'], PARTITIONS);
    await load(dataset, ['d,mon,2,', 'e,mon,2,'], PARTITIONS);
    expect(await texts(dataset.name)).toEqual(['b tue 1', 'c 1', 'd mon 2', 'e mon 2']);
    await load(dataset, ['f,,3,', 'g,wed,3,'], PARTITIONS);
    expect(await texts(dataset.name)).toEqual(['b tue 1', 'd mon 2', 'e mon 2', 'f 3', 'g wed 3']);
  });

  test.each([
    ['replace', REPLACE],
    ['replace by a partition', PARTITIONS],
  ])('%s with a run without rows changes nothing', async (_, mode) => {
    const dataset = sales();
    await load(dataset, ['a,mon,1,'], mode);
    expect(await load(dataset, ['a,mon,x,'], mode)).toMatchObject({ rowsRead: 1, rowsWritten: 0, rowsRejected: 1 });
    expect(await texts(dataset.name)).toEqual(['a mon 1']);
  });

  test.each([
    ['append', APPEND, ['a mon 1', 'b mon 2']],
    ['replace', REPLACE, ['b mon 2']],
    ['replace by a partition', PARTITIONS, ['b mon 2']],
  ])('%s is tried again as a whole after error 1023, and done once', async (_, mode, expected) => {
    const dataset = sales();
    await load(dataset, ['a,mon,1,'], mode);
    bench.redshift.inject({ statement: /^INSERT INTO "analytics"."etl_load_history"/, error: SERIALIZATION_FAILURE });
    const input = await bench.stage(dataset, [{ content: `${HEADER}b,mon,2,\n` }], mode);
    expect((await bench.run(input)).result).toMatchObject({ rowsWritten: 1, retries: 1 });
    expect(await texts(dataset.name)).toEqual(expected);
    const again = await bench.run({ ...input, resultKey: `${input.resultKey}.again` });
    expect(again.result).toMatchObject({ rowsWritten: 1 });
    expect(await texts(dataset.name)).toEqual(expected);
  });

  test.each([
    ['append', APPEND, 4],
    ['replace', REPLACE, 2],
    ['replace by a partition', PARTITIONS, 2],
  ])('two loads at once in mode %s end as one after the other', async (_, mode, expected) => {
    const dataset = sales();
    await load(dataset, ['z,mon,0,'], REPLACE);
    await bench.redshift.query(`DELETE FROM analytics.${dataset.name}`);
    const results = await Promise.all(['a', 'b'].map(id => load(dataset, [`${id},mon,1,`, `${id},mon,2,`], mode)));
    expect(results.map(({ rowsWritten }) => rowsWritten)).toEqual([2, 2]);
    const rows = await texts(dataset.name);
    expect(rows).toHaveLength(expected);
    if (expected === 2) expect(new Set(rows.map(row => row![0])).size).toBe(1);
  });

  test('an upsert by a number that several rows have', async () => {
    const dataset = new Dataset({
      name: newTable(),
      format: DataFormat.csv(),
      columns: [Column.integer('id'), Column.string('day'), Column.integer('amount')],
      key: ['id'],
    })._definition;
    const header = 'id,day,amount\n';
    await bench.load(dataset, [{ content: `${header}1,mon,1\n2,mon,1\n` }]);
    await bench.load(dataset, [{ content: `${header}+1,tue,2\n` }]);
    expect(await texts(dataset.name)).toEqual(['1 tue 2', '2 mon 1']);
    await bench.load(dataset, [{ content: `${header}01,wed,3\n1,wed,4\n` }]);
    expect(await texts(dataset.name)).toEqual(['1 wed 4', '2 mon 1']);
  });
});

describe('the table', () => {
  let bench: LoaderBench;
  beforeAll(async () => {
    bench = await LoaderBench.start();
  });
  afterAll(async () => {
    await bench?.stop();
  });

  const LINES = { content: `${HEADER}a,mon,1,2026-01-01T00:00:00Z\nb,tue,2,\n` };

  test('is made with distribution and sort keys, without a key, and not a second time', async () => {
    const dataset = sales();
    const statements: string[] = [];
    bench.redshift.watch(async (sql, moment) => {
      if (moment === 'before') statements.push(sql);
      return undefined;
    });
    const work = { ...APPEND, createTable: { distributionKey: 'day', sortKeys: ['updated_at', 'id'] } };
    await bench.load(dataset, [LINES], work);
    await bench.load(dataset, [LINES], work);
    await bench.load(sales(), [LINES], { ...APPEND, createTable: { distributionStyle: 'ALL' } });
    bench.redshift.watch();
    const made = statements.filter(sql => sql.includes('CREATE TABLE IF NOT EXISTS "analytics"."sales'));
    expect(made).toHaveLength(2);
    expect(made[0]).toMatch(/TIMESTAMP\) DISTSTYLE KEY DISTKEY \("day"\) COMPOUND SORTKEY \("updated_at", "id"\)$/);
    expect(made[1]).toMatch(/TIMESTAMP\) DISTSTYLE ALL$/);
  });

  test.each([
    ['upsert', {}],
    ['append', APPEND],
    ['replace', REPLACE],
    ['replace by a partition', PARTITIONS],
  ])('keeps its defaults, its identity and its further columns in mode %s', async (_, mode) => {
    const dataset = keyed();
    await bench.redshift.query(`CREATE TABLE analytics.${dataset.name} (number bigint GENERATED ALWAYS AS IDENTITY,
      note varchar(20) DEFAULT 'none', updated_at timestamp, amount integer, day varchar(20), id varchar(20) NOT NULL);
      ALTER TABLE analytics.${dataset.name} OWNER TO loader`);
    await bench.load(dataset, [LINES], mode);
    expect(await bench.redshift.query(`SELECT * FROM analytics.${dataset.name} ORDER BY id`)).toEqual([
      { id: 'a', day: 'mon', amount: '1', updated_at: '2026-01-01 00:00:00', note: 'none', number: expect.any(String) },
      { id: 'b', day: 'tue', amount: '2', updated_at: null, note: 'none', number: expect.any(String) },
    ]);
  });

  test.each([{}, APPEND, REPLACE, PARTITIONS])('may have any name, in any case: %j', async mode => {
    const awkward = 'Select "all" from O\'Brien\'s Tabelle \u00c4\\';
    const dataset = new Dataset({
      name: newTable(),
      format: DataFormat.csv(),
      columns: [Column.string('Id'), Column.string('Day', { header: 'the day' }), Column.integer('ORDER')],
      key: ['Id'],
    })._definition;
    const work = {
      ...mode,
      ...('partitionColumn' in mode && { partitionColumn: 'Day' }),
      table: `${awkward} ${++tables}`,
    };
    const files = [{ content: 'Id,the day,ORDER\na,mon,1\n' }];
    const name = `awkward."${work.table.replaceAll('"', '""')}"`;
    await bench.redshift.query(`CREATE SCHEMA IF NOT EXISTS awkward AUTHORIZATION loader;
      CREATE TABLE ${name} ("ORDER" integer, "Id" varchar(10), "order" integer, day varchar(10));
      ALTER TABLE ${name} OWNER TO loader`);
    await bench.load(dataset, files, { ...work, schema: 'Awkward' });
    await bench.load(dataset, files, { ...work, schema: 'Awkward' });
    const row = { Id: 'a', day: 'mon', ORDER: '1', order: null };
    expect(await bench.redshift.query(`SELECT * FROM ${name}`)).toEqual(mode.mode === 'append' ? [row, row] : [row]);
  });

  test('is made in lower case, and found again', async () => {
    const dataset = sales();
    const work = { ...APPEND, schema: 'Made By Us', table: `Made ${dataset.name}` };
    await bench.load(dataset, [LINES], work);
    await bench.load(dataset, [LINES], work);
    expect(await bench.redshift.query(`SELECT id FROM "made by us"."made ${dataset.name}"`)).toHaveLength(4);
  });

  test('is not guessed if several could be meant', async () => {
    await bench.redshift.query(
      'CREATE TABLE analytics."Twice" (id integer); CREATE TABLE analytics."TWICE" (id integer)',
    );
    const run = await bench.run(await bench.stage(sales(), [LINES], { ...APPEND, table: 'twicE' }));
    expect(run).toMatchObject({ exitCode: LOADER_EXIT.configuration, failure: { error: 'Etl.Configuration' } });
    expect(run.failure!.message).toContain('The table \'twicE\' may be any of "TWICE", "Twice".');
  });
});

describe('rejected rows', () => {
  let bench: LoaderBench;
  beforeAll(async () => {
    bench = await LoaderBench.start();
  });
  afterAll(async () => {
    await bench?.stop();
  });

  const file = (good: number, bad: number) => ({
    content: HEADER + 'a,mon,1,\n'.repeat(good) + 'a,mon,bad,\n'.repeat(bad),
  });
  const run = async (files: { content: string }[], work: Partial<LoaderInput>) =>
    bench.run(await bench.stage(sales(), files, { ...APPEND, ...work }));

  test('may be so many in per cent', async () => {
    expect((await run([file(9, 1)], { maxRejectedPercent: 10 })).result).toMatchObject({ rowsRejected: 1 });
    const tooMany = await run([file(9, 1), file(99, 1), file(0, 0)], { maxRejectedPercent: 1 });
    expect(tooMany).toMatchObject({ exitCode: LOADER_EXIT.data, failure: { error: 'Etl.Data', files: ['file-0'] } });
    expect(tooMany.failure!.message).toContain('2 of 110 rows (1.82 %) cannot be loaded');
    expect(tooMany.failure!.message).toContain('maxRejectedPercent 1 %');
  });

  test('are those of the files that have the most, if no file has too many alone', async () => {
    const { failure } = await run([file(9, 1), file(9, 3), file(9, 2)], { maxRejectedRows: 3 });
    expect(failure).toMatchObject({ error: 'Etl.Data', files: ['file-1'] });
  });

  test('count with those that only COPY refuses', async () => {
    bench.redshift.inject({ statement: /^COPY/, copyRefuses: /odd/, times: 2 });
    const odd = { content: `${HEADER}odd,mon,1,\nodd,mon,2,\n` };
    const { failure } = await run([file(9, 1), odd], { maxRejectedRows: 2 });
    expect(failure).toMatchObject({ error: 'Etl.Data', files: ['file-1'] });
  });
});
