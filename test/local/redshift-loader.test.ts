import type { ChildProcess } from 'child_process';
import { AddressInfo, createServer } from 'net';
import { setTimeout as pause } from 'timers/promises';
import { gzipSync } from 'zlib';
import { SERIALIZATION_FAILURE } from '../../local/redshift';
import { Column, DataFormat, Dataset } from '../../src';
import { LOADER_EXIT } from '../../src/fargate-redshift-step/contract';
import { ACCEPTED_ROWS, CORPUS, corpusFile, KEY_GROUPS, REJECTED_ROWS } from '../csv-corpus';
import { LoaderBench } from './loader-bench';

jest.setTimeout(240_000);

let tables = 0;

/** A dataset of its own, and so a table of its own, for each test. */
const orders = (name = `orders_${++tables}`) =>
  new Dataset({
    name,
    format: DataFormat.csv(),
    columns: [
      Column.string('order_id'),
      Column.decimal('amount', 12, 2),
      Column.timestamp('updated_at'),
      Column.string('note'),
    ],
    key: ['order_id'],
    latestBy: 'updated_at',
  })._definition;

const HEADER = 'order_id,amount,updated_at,note\n';

const WAITING_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'";

describe.each(['SERIALIZABLE', 'SNAPSHOT'] as const)('under %s isolation', isolation => {
  let bench: LoaderBench;
  beforeAll(async () => {
    bench = await LoaderBench.start({ isolation });
  });
  afterAll(async () => {
    await bench?.stop();
  });

  const rows = (table: string) =>
    bench.redshift.query(`SELECT order_id, amount, updated_at, note FROM analytics.${table} ORDER BY order_id`);

  test('creates a missing table and loads plain and gzip files together', async () => {
    const dataset = orders();
    const result = await bench.load(dataset, [
      { content: `${HEADER}o-1,10.5,2026-01-01T10:00:00Z,first\n` },
      { content: `${HEADER}o-2,,2026-01-01 12:00+02:00,"a, ""b"""\n`, gzip: true },
    ]);
    expect(result).toEqual({
      rowsRead: 2,
      rowsWritten: 2,
      rowsRejected: 0,
      duplicatesDropped: 0,
      seconds: expect.any(Number),
      retries: 0,
    });
    expect(await rows(dataset.name)).toEqual([
      { order_id: 'o-1', amount: '10.50', updated_at: '2026-01-01 10:00:00', note: 'first' },
      { order_id: 'o-2', amount: null, updated_at: '2026-01-01 10:00:00', note: 'a, "b"' },
    ]);
    const types = await bench.redshift
      .query(`SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) AS types FROM pg_attribute
      WHERE attrelid = 'analytics.${dataset.name}'::regclass AND attnum > 0`);
    expect(types).toEqual([
      { types: 'character varying(65535), numeric(12,2), timestamp without time zone, character varying(65535)' },
    ]);
  });

  test('updates an order, and touches no column that the dataset does not have', async () => {
    const dataset = orders();
    await bench.load(dataset, [{ content: `${HEADER}o-1,1,2026-01-01T00:00:00Z,old\n` }]);
    await bench.redshift.query(`ALTER TABLE analytics.${dataset.name} ADD COLUMN reviewed varchar DEFAULT 'no'`);
    await bench.redshift.query(`UPDATE analytics.${dataset.name} SET reviewed = 'yes'`);
    await bench.load(dataset, [{ content: `${HEADER}o-1,2,2026-01-02T00:00:00Z,new\no-2,3,2026-01-02T00:00:00Z,\n` }]);
    expect(
      await bench.redshift.query(`SELECT order_id, amount, note, reviewed FROM analytics.${dataset.name} ORDER BY 1`),
    ).toEqual([
      { order_id: 'o-1', amount: '2.00', note: 'new', reviewed: 'yes' },
      { order_id: 'o-2', amount: '3.00', note: null, reviewed: 'no' },
    ]);
  });

  test('drops rows that are older than those of the table, and takes rows that are as old', async () => {
    const dataset = orders();
    await bench.load(dataset, [
      {
        content: `${HEADER}later,1,2026-01-02T00:00:00Z,kept\nsame,1,2026-01-02T00:00:00Z,x\nnull,1,,x\ntimed,1,2026-01-01T00:00:00Z,kept\n`,
      },
    ]);
    const result = await bench.load(dataset, [
      {
        content: `${HEADER}later,2,2026-01-01T23:59:59.999999Z,old\nsame,2,2026-01-02T00:00:00Z,taken\nnull,2,2020-01-01T00:00:00Z,taken\ntimed,2,,old\n`,
      },
    ]);
    expect(result).toMatchObject({ rowsRead: 4, rowsWritten: 2, rowsRejected: 0, duplicatesDropped: 2 });
    expect((await rows(dataset.name)).map(row => [row.order_id, row.note])).toEqual([
      ['later', 'kept'],
      ['null', 'taken'],
      ['same', 'taken'],
      ['timed', 'kept'],
    ]);
  });

  test('a repeated task changes nothing and gives the same result', async () => {
    const dataset = orders();
    const input = await bench.stage(dataset, [{ content: `${HEADER}o-1,1,2026-01-01T00:00:00Z,loaded\nbad\n` }]);
    const first = await bench.run(input);
    expect(first.result).toMatchObject({ rowsRead: 2, rowsWritten: 1, rowsRejected: 1 });
    await bench.redshift.query(`UPDATE analytics.${dataset.name} SET note = 'changed since'`);
    const withResult = await bench.run(input);
    expect(withResult).toMatchObject({ exitCode: LOADER_EXIT.done, result: first.result });
    // as if the first had died before it wrote
    const withoutResult = await bench.run({ ...input, resultKey: `${input.resultKey}.again` });
    expect(withoutResult).toMatchObject({ exitCode: LOADER_EXIT.done, result: first.result });
    expect((await rows(dataset.name)).map(row => row.note)).toEqual(['changed since']);
  });

  test('a task that is killed between COMMIT and the result loads nothing twice', async () => {
    const dataset = orders();
    const input = await bench.stage(dataset, [{ content: `${HEADER}o-1,1,2026-01-01T00:00:00Z,loaded\n` }]);
    let child: ChildProcess;
    bench.redshift.inject({ statement: /^COMMIT/, thenLose: () => child.kill('SIGKILL') });
    const killed = await bench.run(input, started => {
      child = started;
    });
    expect(killed).toMatchObject({ exitCode: null, result: undefined });
    await bench.redshift.query(`UPDATE analytics.${dataset.name} SET note = 'changed since'`);
    const repeated = await bench.run({ ...input, attempt: 2 });
    expect(repeated).toMatchObject({ exitCode: LOADER_EXIT.done, result: { rowsRead: 1, rowsWritten: 1 } });
    expect((await rows(dataset.name)).map(row => row.note)).toEqual(['changed since']);
  });

  test('error 1023 is tried again as a whole', async () => {
    const dataset = orders();
    bench.redshift.inject({ statement: /^MERGE/, error: SERIALIZATION_FAILURE });
    bench.redshift.inject({ statement: /^COMMIT/, error: SERIALIZATION_FAILURE });
    await bench.load(dataset, [{ content: `${HEADER}o-1,1,2026-01-01T00:00:00Z,x\n` }]);
    bench.redshift.inject({ statement: /^(MERGE|COMMIT)/, error: SERIALIZATION_FAILURE, times: 3 });
    const result = await bench.load(dataset, [
      { content: `${HEADER}o-1,2,2026-01-02T00:00:00Z,x\no-1,3,2025-01-02T00:00:00Z,x\n` },
    ]);
    expect(result).toMatchObject({ rowsRead: 2, rowsWritten: 1, duplicatesDropped: 1, retries: 3 });
    expect(await rows(dataset.name)).toMatchObject([{ amount: '2.00' }]);
    expect(
      await bench.redshift.query(`SELECT run_id FROM analytics.etl_load_history WHERE table_name = '${dataset.name}'`),
    ).toHaveLength(2);
  });

  test('loads that run side by side end as if one after the other', async () => {
    const dataset = orders();
    await bench.load(dataset, [{ content: HEADER }]);
    const results = await Promise.all(
      [3, 1, 2].map(second =>
        bench.load(dataset, [{ content: `${HEADER}o-1,${second},2026-01-01T00:00:0${second}Z,x\n` }]),
      ),
    );
    expect(await rows(dataset.name)).toMatchObject([{ amount: '3.00' }]);
    expect(results.map(result => result.rowsWritten + result.duplicatesDropped)).toEqual([1, 1, 1]);
  });
});

describe('the loader', () => {
  let bench: LoaderBench;
  beforeAll(async () => {
    bench = await LoaderBench.start();
  });
  afterAll(async () => {
    await bench?.stop();
  });

  const corpus = CORPUS._definition;
  type Values = { readonly [column: string]: string };

  /** Rows of a table as canonical text, without nulls, by their first column. */
  async function canonicalRows(table: string): Promise<Record<string, Values>> {
    const rows = await bench.redshift
      .query(`SELECT id, label, quantity, amount, share, total, ratio, gift::text AS gift, ordered_on,
      to_char(updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS updated_at, note FROM analytics.${table}`);
    return Object.fromEntries(
      rows.map(row => [
        row.id!,
        Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Values,
      ]),
    );
  }

  const asNumber = ({ ratio, ...values }: Values) => ({
    ...values,
    ...(ratio === undefined ? {} : { ratio: Number(ratio) }),
  });

  function expectRows(loaded: Record<string, Values>, expected: readonly { name: string; values: Values }[]): void {
    for (const { name, values } of expected) {
      expect({ name, values: asNumber(loaded[values.id] ?? {}) }).toEqual({ name, values: asNumber(values) });
    }
  }

  test.each([
    ['plain, LF', { lineEnd: '\n' }, false, true],
    ['gzip, CRLF, byte order mark', { lineEnd: '\r\n', byteOrderMark: true }, true, true],
    ['without header, byte order mark, CRLF', { lineEnd: '\r\n', byteOrderMark: true, header: false }, false, false],
  ])('means the same by a row as every other engine: %s', async (_, file, gzip, header) => {
    const dataset = { ...corpus, name: `corpus_${++tables}`, format: { ...corpus.format, header } };
    const lines = [...ACCEPTED_ROWS, ...REJECTED_ROWS].map(row => row.line);
    const groups = KEY_GROUPS.flatMap(group => group.lines);
    const input = await bench.stage(dataset, [
      { content: corpusFile([...lines, ...groups], file), gzip },
      { content: corpusFile([], file) },
    ]);
    const run = await bench.run(input);
    expect(run.failure).toBeUndefined();
    const rejectedLines = REJECTED_ROWS.reduce((sum, row) => sum + row.lineCount, 0);
    expect(run.result).toMatchObject({
      rowsRead: ACCEPTED_ROWS.length + rejectedLines + groups.length,
      rowsWritten: ACCEPTED_ROWS.length + KEY_GROUPS.length,
      rowsRejected: rejectedLines,
      duplicatesDropped: groups.length - KEY_GROUPS.length,
      rejectedRows: `s3://${input.workBucket}/${input.rejectedRowsFolder}`,
    });
    expectRows(await canonicalRows(dataset.name), [...ACCEPTED_ROWS, ...KEY_GROUPS]);
    const reasons = (await bench.rejectedRows(input)).join('\n');
    for (const { reason } of REJECTED_ROWS) expect(reasons).toContain(reason.includes(',') ? `"${reason}"` : reason);
  });

  test.each([[[0, 1, 2]], [[1, 2, 0]], [[2, 0, 1]]])(
    'of the rows with one key the same one wins in every order of the files: %j',
    async order => {
      const dataset = { ...corpus, name: `ties_${++tables}` };
      const parts = order.map(remainder =>
        KEY_GROUPS.flatMap(group => group.lines.filter((_, index) => index % 3 === remainder)),
      );
      const files = parts.map(lines => ({ content: corpusFile(lines) }));
      await bench.load(dataset, files);
      expectRows(await canonicalRows(dataset.name), KEY_GROUPS);
    },
  );

  test('a malformed line takes no other line with it, and is kept with file, line and reason', async () => {
    const dataset = orders();
    const input = await bench.stage(dataset, [
      { content: `${HEADER}o-1,1,,x\no-2,2,,"open\no-3,3,,y\n\n\r\no-4,4,,z` },
      { content: `${HEADER}o-5,five,,"a,b"\r\n`, gzip: true },
    ]);
    const { result } = await bench.run(input);
    expect(result).toMatchObject({ rowsRead: 5, rowsWritten: 3, rowsRejected: 2, duplicatesDropped: 0 });
    expect(await bench.redshift.query(`SELECT order_id FROM analytics.${dataset.name} ORDER BY 1`)).toEqual([
      { order_id: 'o-1' },
      { order_id: 'o-3' },
      { order_id: 'o-4' },
    ]);
    expect(await bench.rejectedRows(input)).toEqual([
      `s3://work/runs/${input.runId}/input/part-00000.csv,3,malformed: not 4 fields of CSV in valid ` +
        'UTF-8,"o-2,2,,""open"',
      `s3://work/runs/${input.runId}/input/part-00001.csv.gz,2,"amount: not a valid decimal(12,2)","o-5,five,,""a,b"""`,
    ]);
  });

  test('rows that only COPY refuses are kept and counted, too', async () => {
    const dataset = orders();
    bench.redshift.inject({ statement: /^COPY/, copyRefuses: /o-2/, times: 2 }); // one COPY for each compression
    const input = await bench.stage(dataset, [
      { content: `${HEADER}o-1,1,,x\n`, gzip: true },
      { content: `${HEADER}o-1,1,,x\no-2,2,,"y"\n` },
    ]);
    const { result } = await bench.run(input);
    expect(result).toMatchObject({ rowsRead: 3, rowsWritten: 1, rowsRejected: 1, duplicatesDropped: 1 });
    expect(await bench.rejectedRows(input)).toEqual([
      `s3://work/runs/${input.runId}/input/part-00001.csv,3,Unknown parse error,"o-2,2,,""y"""`,
    ]);
  });

  test('texts of nothing but spaces, and spaces at the end of texts, are kept', async () => {
    const dataset = orders();
    await bench.load(dataset, [{ content: `${HEADER}o-1,1,,"  "\r\no-2,2,,x  \r\no-3,3,,""\r\n` }]);
    expect(
      (await bench.redshift.query(`SELECT note FROM analytics.${dataset.name} ORDER BY order_id`)).map(row => row.note),
    ).toEqual(['  ', 'x  ', null]);
  });

  test('no line of a row with line breaks is loaded, not even one that looks like a row', async () => {
    const dataset = orders();
    const input = await bench.stage(dataset, [{ content: `${HEADER}o-1,1,,"begin\no-2,2,,bogus\nend"\no-3,3,,z\n` }]);
    expect((await bench.run(input)).result).toMatchObject({ rowsRead: 4, rowsWritten: 1, rowsRejected: 3 });
    expect((await bench.rejectedRows(input)).map(line => line.split(',')[1])).toEqual(['2', '3', '4']);
  });

  test('a run that is recorded needs its files no more', async () => {
    const input = await bench.stage(orders(), [{ content: `${HEADER}o-1,1,,x\n` }]);
    const { result } = await bench.run(input);
    const again = await bench.run({
      ...input,
      resultKey: `${input.resultKey}.again`,
      stagedFilesKey: 'runs/gone.json',
    });
    expect(again).toMatchObject({ exitCode: LOADER_EXIT.done, result });
  });

  test.each(['etl_latest_rows', 'etl_staged_rows', 'etl_repeated_keys'])('a table may be called %s', async name => {
    const dataset = orders(name);
    await bench.load(dataset, [{ content: `${HEADER}o-1,1,2026-01-01T00:00:00Z,x\n` }]);
    const again = await bench.load(dataset, [
      { content: `${HEADER}o-1,2,2026-01-02T00:00:00Z,x\no-1,3,2025-01-02T00:00:00Z,x\no-2,1,,x\n` },
    ]);
    expect(again).toMatchObject({ rowsRead: 3, rowsWritten: 2, duplicatesDropped: 1 });
    expect(await bench.redshift.query(`SELECT amount FROM analytics.${name} ORDER BY order_id`)).toEqual([
      { amount: '2.00' },
      { amount: '1.00' },
    ]);
  });

  test('first loads at once make schema, history and table together', async () => {
    const dataset = orders();
    const results = await Promise.all(
      [1, 2, 3].map(number => bench.load(dataset, [{ content: `${HEADER}o-${number},1,,x\n` }], { schema: 'at_once' })),
    );
    expect(results.map(({ rowsWritten }) => rowsWritten)).toEqual([1, 1, 1]);
    expect(await bench.redshift.query(`SELECT order_id FROM at_once.${dataset.name} ORDER BY 1`)).toHaveLength(3);
  });

  test('a conflict with a change of the catalogue is tried again in place', async () => {
    const message = 'could not complete because of conflict with concurrent transaction';
    bench.redshift.inject({ statement: /^CREATE TABLE IF NOT EXISTS/, error: { message } });
    bench.redshift.inject({ statement: /^MERGE/, error: { message } });
    expect(await bench.load(orders(), [{ content: `${HEADER}o-1,1,,x\n` }])).toMatchObject({ rowsWritten: 1 });
  });

  test('SIGTERM and maxRuntime end it within seconds while it connects to a host that is silent', async () => {
    const silent = createServer();
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    try {
      const input = await bench.stage(orders(), [{ content: HEADER }], { maxRuntimeSeconds: 3 }, { port });
      expect(await bench.run(input)).toMatchObject({
        exitCode: LOADER_EXIT.transient,
        failure: { error: 'Etl.Transient' },
      });
      const stopped = await bench.run({ ...input, maxRuntimeSeconds: 300 }, child => {
        child.stdout!.on('data', text => {
          if (String(text).includes('"connecting"')) child.kill('SIGTERM');
        });
      });
      expect(stopped).toMatchObject({ exitCode: LOADER_EXIT.transient, failure: { error: 'Etl.Transient' } });
    } finally {
      silent.close();
    }
  });

  test('SIGTERM ends it within seconds while it reads files', async () => {
    const content = gzipSync(Buffer.alloc(400_000_000, 'o-1,1,,x\n'));
    const input = await bench.stage(orders(), [{ content: HEADER }]);
    const key = `runs/${input.runId}/input/part-00001.csv.gz`;
    await bench.put(key, content);
    const list = JSON.parse((await bench.get(input.stagedFilesKey))!) as { files: object[] };
    await bench.put(
      input.stagedFilesKey,
      JSON.stringify({ ...list, files: [...list.files, { id: 'file-1', key, bytes: content.length, gzip: true }] }),
    );
    let killed = false;
    const run = await bench.run(input, child => {
      child.stdout!.on('data', text => {
        if (killed || !String(text).includes('"reading files"')) return;
        killed = true;
        child.kill('SIGTERM');
      });
    });
    expect(run).toMatchObject({
      exitCode: LOADER_EXIT.transient,
      failure: { message: expect.stringContaining('stopped') },
    });
    expect(run.log).not.toContain('files read');
  });

  test('a run of files without rows ends well', async () => {
    expect(await bench.load(orders(), [{ content: HEADER }, { content: HEADER, gzip: true }])).toMatchObject({
      rowsRead: 0,
      rowsWritten: 0,
    });
    expect(await bench.load(orders(), [{ content: `${HEADER}malformed\n` }])).toMatchObject({
      rowsRead: 1,
      rowsWritten: 0,
      rowsRejected: 1,
    });
  });

  test('too many rejected rows are Etl.Data, and name a file that alone has too many', async () => {
    const malformed = await bench.run(
      await bench.stage(orders(), [{ content: `${HEADER}a\n` }, { content: `${HEADER}a\nb\nc\n` }], {
        maxRejectedRows: 2,
      }),
    );
    expect(malformed).toMatchObject({ exitCode: LOADER_EXIT.data, failure: { error: 'Etl.Data', files: ['file-1'] } });
    const input = await bench.stage(orders(), [{ content: `${HEADER}o-1,x,,\no-2,y,,\no-3,3,,\n` }], {
      maxRejectedRows: 1,
    });
    const invalid = await bench.run(input);
    expect(invalid).toMatchObject({
      exitCode: LOADER_EXIT.data,
      failure: { error: 'Etl.Data', message: expect.stringContaining('2 of 3 rows (66.7 %)') },
      result: undefined,
    });
    expect(invalid.failure).toHaveProperty('files', ['file-0']);
    expect(await bench.rejectedRows(input)).toHaveLength(2);
    expect(await bench.redshift.query(`SELECT * FROM analytics.${input.table}`)).toEqual([]);
  });

  test('a gzip file that breaks off is Etl.Data and named', async () => {
    const input = await bench.stage(orders(), [{ content: HEADER }, { content: `${HEADER}o-1,1,,x\n`, gzip: true }]);
    await bench.put(
      `runs/${input.runId}/input/part-00001.csv.gz`,
      Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]),
    );
    expect(await bench.run(input)).toMatchObject({ exitCode: LOADER_EXIT.data, failure: { files: ['file-1'] } });
  });

  test('values that do not fit an existing table are rejected with the reason', async () => {
    const dataset = new Dataset({
      name: `narrow_${++tables}`,
      format: DataFormat.csv(),
      columns: [
        Column.string('id'),
        Column.string('word'),
        Column.integer('small'),
        Column.decimal('amount', 12, 2),
        Column.string('needed'),
      ],
      key: ['id'],
    })._definition;
    await bench.redshift
      .query(`CREATE TABLE analytics.${dataset.name} (id varchar(10), word varchar(3), small smallint, amount numeric(5,3), needed varchar(5) NOT NULL);
      ALTER TABLE analytics.${dataset.name} OWNER TO loader`);
    const input = await bench.stage(dataset, [
      {
        content:
          'id,word,small,amount,needed\nfits,abc,-32768,-99.99,x\nwide,\u00e4\u00e4,1,1,x\nbig,a,32768,1,x\nmuch,a,1,100,x\nnone,a,1,1,\n',
      },
    ]);
    const { result } = await bench.run(input);
    expect(result).toMatchObject({ rowsRead: 5, rowsWritten: 1, rowsRejected: 4 });
    expect(await bench.redshift.query(`SELECT * FROM analytics.${dataset.name}`)).toEqual([
      { id: 'fits', word: 'abc', small: '-32768', amount: '-99.990', needed: 'x' },
    ]);
    const file = `s3://work/runs/${input.runId}/input/part-00000.csv`;
    expect(await bench.rejectedRows(input)).toEqual([
      `${file},3,"word: longer than 3 bytes, the width of the table's column","wide,\u00e4\u00e4,1,1,x"`,
      `${file},4,"small: not from -32768 to 32767, the range of the table's column","big,a,32768,1,x"`,
      `${file},5,"amount: too many digits for the table's column, numeric(5,3)","much,a,1,100,x"`,
      `${file},6,needed: missing,"none,a,1,1,"`,
    ]);
  });

  describe('says what to change', () => {
    const content = `${HEADER}o-1,1,2026-01-01T00:00:00Z,x\n`;

    async function failure(
      change: Parameters<LoaderBench['stage']>[2] = {},
      warehouse: Parameters<LoaderBench['stage']>[3] = {},
      dataset = orders(),
    ) {
      const run = await bench.run(await bench.stage(dataset, [{ content }], change, warehouse));
      expect(run).toMatchObject({
        exitCode: LOADER_EXIT.configuration,
        result: undefined,
        failure: { error: 'Etl.Configuration' },
      });
      return run.failure!.message;
    }

    test('if the password is wrong', async () => {
      expect(await failure({}, { secretArn: bench.wrongSecretArn })).toMatch(
        /refused the login of loader.*Correct username and password in the secret arn:/,
      );
    });

    test('if the secret does not exist', async () => {
      expect(
        await failure({}, { secretArn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:none-123456' }),
      ).toMatch(/Check the secret/);
    });

    test('if the database does not exist', async () => {
      expect(await failure({}, { database: 'nowhere' })).toMatch(/no database 'nowhere'/);
    });

    test('if the certificate is for another host', async () => {
      expect(await failure({}, { host: '127.1' })).toMatch(/certificate cannot be trusted.*Use the host name/s);
    });

    test('if the COPY role is not associated with the warehouse', async () => {
      expect(await failure({}, { copyRoleArn: 'arn:aws:iam::123456789012:role/other' })).toMatch(
        /may not assume the COPY role arn:aws:iam::123456789012:role\/other\. Associate/,
      );
    });

    test('if the COPY role may not read the work bucket', async () => {
      bench.redshift.inject({
        statement: /^COPY/,
        error: { message: 'S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid X,ExtRid Y,CanRetry 1' },
      });
      expect(await failure()).toMatch(/Allow it s3:GetObject on arn:aws:s3:::work\/runs\/\*/);
    });

    test('if a right is missing', async () => {
      const dataset = orders();
      await bench.redshift.query(
        `CREATE TABLE analytics.${dataset.name} (order_id varchar(20), amount numeric(12,2), updated_at ` +
          'timestamp, note varchar(20))',
      );
      expect(await failure({}, {}, dataset)).toContain(
        `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "analytics"."${dataset.name}", ` +
          '"analytics"."etl_load_history" TO "loader";',
      );
    });

    test('if columns are missing in the table', async () => {
      const dataset = orders();
      await bench.redshift.query(`CREATE TABLE analytics.${dataset.name} (order_id varchar(20), note varchar(20))`);
      expect(await failure({}, {}, dataset)).toContain(
        `lacks columns of the dataset '${dataset.name}': amount, updated_at. Run: ` +
          `ALTER TABLE "analytics"."${dataset.name}" ADD COLUMN "amount" DECIMAL(12, 2); ALTER TABLE ` +
          `"analytics"."${dataset.name}" ADD COLUMN "updated_at" TIMESTAMP;`,
      );
    });

    test('if a column has a type that does not hold the values', async () => {
      const dataset = orders();
      await bench.redshift.query(
        `CREATE TABLE analytics.${dataset.name} (order_id varchar(20), amount double precision, updated_at ` +
          'timestamp, note varchar(20))',
      );
      expect(await failure({}, {}, dataset)).toMatch(
        /column amount .* is double precision, .*Change the table's column to DECIMAL\(12, 2\)/,
      );
    });

    test('if the target is a view', async () => {
      const dataset = orders();
      await bench.redshift.query(`CREATE VIEW analytics.${dataset.name} AS SELECT 1 AS order_id`);
      expect(await failure({}, {}, dataset)).toMatch(/must be a table/);
    });
  });

  describe('says what has become of the files', () => {
    async function failureAfter(lose: (runId: string) => Promise<void>) {
      const input = await bench.stage(orders(), [{ content: `${HEADER}o-1,1,,x\n` }]);
      bench.redshift.watch(async (sql, moment) => {
        if (sql.startsWith('COPY') && moment === 'before') await lose(input.runId);
        return undefined;
      });
      const run = await bench.run(input);
      bench.redshift.watch();
      expect(run).toMatchObject({ exitCode: LOADER_EXIT.configuration, failure: { error: 'Etl.Configuration' } });
      return run.failure!.message;
    }
    const gone = /a staged file is no longer in the bucket work.*look at the lifecycle rules/s;

    test('if one is missing', async () => {
      expect(await failureAfter(runId => bench.remove(`runs/${runId}/input/part-00000.csv`))).toMatch(gone);
    });

    test('if the manifest is missing', async () => {
      const manifest = 'ToRedshift/manifest-plain-header.json';
      const message = await failureAfter(runId => bench.remove(`runs/${runId}/${manifest}`));
      expect(message).toMatch(/Problem reading manifest file/);
      expect(message).toMatch(gone);
    });
  });

  test('a full disk is Etl.Transient, and the message says what to do', async () => {
    const detail = 'error:  Disk Full, code: 1016, context: node: 0, query: 4711';
    bench.redshift.inject({ statement: /^COPY/, error: { message: 'Disk Full', detail } });
    const run = await bench.run(await bench.stage(orders(), [{ content: `${HEADER}o-1,1,,x\n` }]));
    expect(run).toMatchObject({ exitCode: LOADER_EXIT.transient, failure: { error: 'Etl.Transient' } });
    expect(run.failure!.message).toMatch(/disk is full.*free space.*enlarge the warehouse/);
  });

  test('a host name that does not exist is Etl.Transient, and the message says what to look at', async () => {
    const input = await bench.stage(orders(), [{ content: HEADER }], {}, { host: 'nowhere.invalid' });
    const run = await bench.run(input);
    expect(run).toMatchObject({ exitCode: LOADER_EXIT.transient, failure: { error: 'Etl.Transient' } });
    expect(run.failure!.message).toMatch(/name resolution.*Check the host name/);
  });

  test('a server that takes its time is waited for', async () => {
    bench.redshift.watch(async () => pause(100));
    expect(await bench.load(orders(), [{ content: `${HEADER}o-1,1,,x\n` }])).toMatchObject({ rowsWritten: 1 });
    bench.redshift.watch();
  });

  test('a server that is silent after the result is written does not keep it', async () => {
    bench.redshift.watch(async sql => (sql === 'goodbye' ? 'silence' : undefined));
    const started = Date.now();
    const run = await bench.run(await bench.stage(orders(), [{ content: `${HEADER}o-1,1,,x\n` }]));
    bench.redshift.watch();
    expect(run).toMatchObject({ exitCode: LOADER_EXIT.done, result: { rowsWritten: 1 } });
    const times = run.log
      .trimEnd()
      .split('\n')
      .map(line => Date.parse((JSON.parse(line) as { time: string }).time));
    expect(times.at(-1)! - started).toBeLessThan(60_000); // the default of the network is many minutes
  });

  test('an unknown failure is Etl.Transient', async () => {
    bench.redshift.inject({ statement: /^MERGE/, error: { message: 'Assert', detail: 'code: 1000' } });
    const run = await bench.run(await bench.stage(orders(), [{ content: `${HEADER}o-1,1,,x\n` }]));
    expect(run).toMatchObject({
      exitCode: LOADER_EXIT.transient,
      result: undefined,
      failure: { error: 'Etl.Transient' },
    });
  });

  test('a connection that breaks at COMMIT is made again, and the rows are found loaded', async () => {
    bench.redshift.inject({ statement: /^COMMIT/, thenLose: () => undefined });
    const run = await bench.run(await bench.stage(orders(), [{ content: `${HEADER}o-1,1,,x\n` }]));
    expect(run).toMatchObject({ exitCode: LOADER_EXIT.done, result: { rowsWritten: 1, retries: 1 } });
    expect(run.log).toContain('loaded before');
  });

  test('a connection that breaks at every COPY is Etl.Transient', async () => {
    bench.redshift.inject({ statement: /^COPY/, thenLose: () => undefined, times: 6 });
    const run = await bench.run(await bench.stage(orders(), [{ content: `${HEADER}o-1,1,,x\n` }]));
    expect(run).toMatchObject({ exitCode: LOADER_EXIT.transient, failure: { error: 'Etl.Transient' } });
    expect(run.log.match(/"files read"/g)).toHaveLength(1);
  });

  test('ends itself when it has run for too long', async () => {
    const dataset = orders();
    await bench.load(dataset, [{ content: HEADER }]);
    const release = await bench.redshift.hold(`LOCK TABLE analytics.${dataset.name}`);
    try {
      const run = await bench.run(
        await bench.stage(dataset, [{ content: `${HEADER}o-1,1,,x\n` }], { maxRuntimeSeconds: 3 }),
      );
      expect(run).toMatchObject({ exitCode: LOADER_EXIT.transient, failure: { error: 'Etl.Transient' } });
    } finally {
      await release();
    }
  });

  test('SIGTERM ends it, with its statement, and leaves the table as it was', async () => {
    const dataset = orders();
    await bench.load(dataset, [{ content: HEADER }]);
    const release = await bench.redshift.hold(`LOCK TABLE analytics.${dataset.name}`);
    const input = await bench.stage(dataset, [{ content: `${HEADER}o-1,1,,x\n` }]);
    try {
      const run = await bench.run(input, child => {
        const waiting = setInterval(async () => {
          if ((await bench.redshift.query(WAITING_SESSIONS)).length === 0) return;
          clearInterval(waiting);
          child.kill('SIGTERM');
        }, 50);
      });
      expect(run).toMatchObject({
        exitCode: LOADER_EXIT.transient,
        failure: { error: 'Etl.Transient', message: expect.stringContaining('stopped') },
      });
      expect(await bench.redshift.query(WAITING_SESSIONS)).toEqual([]);
    } finally {
      await release();
    }
    expect(await bench.redshift.query(`SELECT * FROM analytics.${dataset.name}`)).toEqual([]);
  });

  test('writes no value of a row to the log', async () => {
    const run = await bench.run(
      await bench.stage(orders(), [
        { content: `${HEADER}secret-key,secret-amount,,secret-note\nsecret-line\nsecret-good,1,,secret-note\n` },
      ]),
    );
    expect(run.result).toMatchObject({ rowsRead: 3, rowsRejected: 2 });
    expect(run.log + run.errors).not.toContain('secret');
    for (const line of run.log.trimEnd().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ runId: expect.any(String), message: expect.any(String) });
    }
  });
});

test('logs in with a password that is kept as SHA-256, and says that a wrong one is wrong', async () => {
  const bench = await LoaderBench.start({ passwordDigest: 'sha256' });
  try {
    const dataset = orders();
    expect(await bench.load(dataset, [{ content: `${HEADER}o-1,1,,x\n` }])).toMatchObject({ rowsWritten: 1 });
    const wrong = await bench.run(
      await bench.stage(dataset, [{ content: HEADER }], {}, { secretArn: bench.wrongSecretArn }),
    );
    expect(wrong).toMatchObject({
      exitCode: LOADER_EXIT.configuration,
      failure: { message: expect.stringContaining('refused the login') },
    });
  } finally {
    await bench.stop();
  }
});

test('says that a certificate has expired', async () => {
  const bench = await LoaderBench.start({ certificateExpired: true });
  try {
    const run = await bench.run(await bench.stage(orders(), [{ content: HEADER }]));
    expect(run).toMatchObject({ exitCode: LOADER_EXIT.configuration, failure: { error: 'Etl.Configuration' } });
    expect(run.failure!.message).toMatch(/certificate cannot be trusted \(certificate has expired\).*Renew/);
  } finally {
    await bench.stop();
  }
});
