import { readFileSync, rmSync } from 'fs';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Client, ClientConfig } from 'pg';
import { RunningMiniStack, startMiniStack } from '../../local/ministack';
import { createRunFolder } from '../../local/processes';
import { RunningRedshift, startRedshift } from '../../local/redshift';

jest.setTimeout(120_000);

const ROLE = 'arn:aws:iam::123456789012:role/copy';
const NOT_EMULATED = /does not emulate/;

const runFolder = createRunFolder();
let ministack: RunningMiniStack;
let redshift: RunningRedshift;
let snapshot: RunningRedshift;
let s3: S3Client;
let client: Client;

const configuration = (of: RunningRedshift): ClientConfig => ({
  host: of.host,
  port: of.port,
  user: 'ada',
  password: 'secret',
  database: 'dev',
  ssl: { ca: readFileSync(of.caFile, 'utf8') },
});

async function connect(of: RunningRedshift): Promise<Client> {
  const connected = new Client(configuration(of));
  await connected.connect();
  return connected;
}

beforeAll(async () => {
  ministack = await startMiniStack({ runFolder });
  const options = {
    awsEndpoint: ministack.endpoint,
    user: 'ada',
    password: 'secret',
    database: 'dev',
    copyRoles: [ROLE],
  };
  redshift = await startRedshift({ runFolder: `${runFolder}/serializable`, ...options });
  snapshot = await startRedshift({ runFolder: `${runFolder}/snapshot`, isolation: 'SNAPSHOT', ...options });
  s3 = new S3Client({
    endpoint: ministack.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await s3.send(new CreateBucketCommand({ Bucket: 'files' }));
  client = await connect(redshift);
  await client.query('CREATE TABLE t (id BIGINT NOT NULL, k VARCHAR(64), ts TIMESTAMP)');
  await client.query('CREATE TABLE stage (id BIGINT NOT NULL, k VARCHAR(64), ts TIMESTAMP)');
});

afterAll(async () => {
  await client?.end();
  s3?.destroy();
  await Promise.all([redshift?.stop(), snapshot?.stop()]);
  await ministack?.stop();
  rmSync(runFolder, { recursive: true });
});

// ---- what Redshift refuses, by its documented grammar. PostgreSQL accepts most of it.

test.each([
  'CREATE TEMP TABLE s (LIKE t INCLUDING ALL)',
  'COPY stage FROM STDIN',
  'COPY stage FROM STDIN WITH (FORMAT csv)',
  "COPY stage FROM '/tmp/x.csv' CSV",
  "COPY stage FROM 's3://b/k' CSV",
  `COPY stage FROM 's3://b/k' IAM_ROLE '${ROLE}' MANIFEST CSV MAXERROR 100001`,
  'MERGE INTO t AS x USING stage s ON x.id = s.id WHEN MATCHED THEN UPDATE SET k = s.k WHEN NOT MATCHED THEN ' +
    'INSERT (id,k) VALUES (s.id,s.k)',
  'MERGE INTO t USING (SELECT * FROM stage) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET k = s.k WHEN NOT ' +
    'MATCHED THEN INSERT (id,k) VALUES (s.id,s.k)',
  'MERGE INTO t USING stage s ON t.id = s.id WHEN MATCHED THEN UPDATE SET k = s.k',
  'MERGE INTO t USING stage s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id,k) VALUES (s.id,s.k)',
  "MERGE INTO t USING stage s ON t.id = s.id WHEN MATCHED AND s.k > 'a' THEN UPDATE SET k = s.k WHEN NOT MATCHED " +
    'THEN INSERT (id,k) VALUES (s.id,s.k)',
  'MERGE INTO t USING stage s ON t.id = s.id WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (id,k) ' +
    'VALUES (s.id,s.k)',
  'MERGE INTO t USING stage s ON t.id = s.id WHEN MATCHED THEN UPDATE SET t.k = s.k WHEN NOT MATCHED THEN INSERT ' +
    '(id,k) VALUES (s.id,s.k)',
  'WITH w AS (SELECT 1) MERGE INTO t USING stage s ON t.id = s.id WHEN MATCHED THEN UPDATE SET k = s.k WHEN NOT ' +
    'MATCHED THEN INSERT (id,k) VALUES (s.id,s.k)',
  'WITH w AS (DELETE FROM t RETURNING id) SELECT * FROM w',
  'INSERT INTO t (id) VALUES (1) ON CONFLICT DO NOTHING',
  "INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET k='x'",
  'INSERT INTO t (id) VALUES (1) RETURNING id',
  'INSERT INTO t AS x (id) VALUES (1)',
  'DELETE FROM t RETURNING id',
  "UPDATE t SET k='1' RETURNING id",
  'SELECT * FROM t FOR UPDATE',
  'SELECT * FROM t FOR UPDATE SKIP LOCKED',
  'CREATE INDEX i ON t (id)',
  'CREATE UNIQUE INDEX i ON t (id)',
  'CREATE TABLE t2 (id SERIAL)',
  'CREATE TABLE t2 (id BIGSERIAL PRIMARY KEY)',
  'CREATE TABLE t2 (j JSONB)',
  'CREATE TABLE t2 (j JSON)',
  'CREATE TABLE t2 (u UUID)',
  'CREATE TABLE t2 (a INT[])',
  'CREATE TABLE t2 (a INT CHECK (a > 0))',
  'CREATE TABLE t2 (a INT, CHECK (a > 0))',
  'CREATE TABLE t2 (a VARCHAR(65536))',
  'CREATE TABLE t2 (a DECIMAL(39, 0))',
  'CREATE TABLE t2 (a INT) PARTITION BY RANGE (a)',
  'CREATE TABLE t2 () INHERITS (t)',
  'SELECT ARRAY[1,2,3]',
  'SELECT id FROM t WHERE id = ANY(ARRAY[1,2])',
  'INSERT INTO t (id) SELECT g FROM generate_series(1,10) g',
  'SELECT now() FROM t',
  'SELECT * FROM (VALUES (1),(2)) v(x)',
  'TRUNCATE t, stage',
  'TRUNCATE t CASCADE',
  'LOCK TABLE t IN EXCLUSIVE MODE',
  'LOCK TABLE t IN ACCESS EXCLUSIVE MODE NOWAIT',
  'SELECT DISTINCT ON (id) * FROM t ORDER BY id',
  "SELECT string_agg(k, ',') FROM t",
  'SELECT gen_random_uuid()',
  'SAVEPOINT a',
  'ROLLBACK TO a',
  'BEGIN ISOLATION LEVEL READ COMMITTED',
  'CREATE SEQUENCE s1',
  'SELECT * FROM t, LATERAL (SELECT 1) x',
  "INSERT INTO t (id) VALUES (1); DELETE FROM t WHERE ctid = '(0,1)'",
  'SELECT COUNT(*) FILTER (WHERE id>1) FROM t',
  "SELECT '{}'::jsonb",
  "SELECT k->>'a' FROM t",
  "SELECT 'open",
])('refuses %s', async sql => {
  await expect(client.query(sql)).rejects.toMatchObject({
    message: expect.not.stringMatching(NOT_EMULATED),
    code: expect.stringMatching(/^(42\w{3}|0A000|XX000)$/),
  });
  expect(client.getTransactionStatus()).toBe('I');
});

// ---- what Redshift accepts

test.each([
  'CREATE TABLE a1 (id BIGINT NOT NULL, k VARCHAR(64) ENCODE zstd, ts TIMESTAMP DEFAULT GETDATE(), PRIMARY KEY ' +
    '(id)) DISTSTYLE KEY DISTKEY (id) SORTKEY (ts)',
  'CREATE TABLE a2 (id BIGINT IDENTITY(1,1), k VARCHAR(64) DISTKEY) COMPOUND SORTKEY (k, id)',
  'CREATE TABLE a3 (id BIGINT GENERATED BY DEFAULT AS IDENTITY(1,1)) DISTSTYLE ALL BACKUP NO',
  'CREATE TABLE IF NOT EXISTS a4 (run_id VARCHAR(MAX) NOT NULL, n DOUBLE PRECISION, d DECIMAL(12, 2)) DISTSTYLE ' +
    'AUTO SORTKEY AUTO',
  'CREATE SCHEMA IF NOT EXISTS other',
  'MERGE INTO t USING stage s ON t.id = s.id WHEN MATCHED THEN UPDATE SET k = s.k WHEN NOT MATCHED THEN INSERT ' +
    '(id,k) VALUES (s.id,s.k)',
  "MERGE INTO t USING stage ON t.id = stage.id WHEN MATCHED THEN UPDATE SET k = CASE WHEN stage.k = 'a' THEN 'b' " +
    'END WHEN NOT MATCHED THEN INSERT VALUES (stage.id, stage.k, NULL)',
  'MERGE INTO t USING stage ON t.id = stage.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES ' +
    '(stage.id, stage.k, NULL)',
  "SELECT GETDATE(), NVL(k,'x'), DATEADD(day, 1, ts) FROM t",
  'DELETE FROM t USING stage WHERE t.id = stage.id',
  'UPDATE t SET k = s.k FROM stage s WHERE t.id = s.id',
  "INSERT INTO t (id,k) VALUES (1,'a'),(2,'b')",
  'TRUNCATE TABLE t',
  'BEGIN; LOCK t, stage; COMMIT',
  'BEGIN; LOCK TABLE t; ROLLBACK',
  'SELECT pg_last_copy_count(), pg_last_copy_id()',
  'ANALYZE t',
  'VACUUM FULL t',
  "SET query_group TO 'loader'",
  'SET statement_timeout TO 60000',
  'ALTER TABLE t ADD COLUMN more VARCHAR(5); /* a comment */ SELECT more FROM t -- and another',
])('accepts %s', async sql => {
  await expect(client.query(sql)).resolves.toBeDefined();
});

test.each([
  `UNLOAD ('select * from t') TO 's3://b/p' IAM_ROLE '${ROLE}' PARQUET`,
  `COPY stage FROM 's3://b/k/manifest.json' IAM_ROLE '${ROLE}' FORMAT AS PARQUET MANIFEST`,
  "COPY stage (id, k) FROM 's3://b/k/manifest.json' IAM_ROLE DEFAULT MANIFEST FORMAT JSON 'auto ignorecase' GZIP",
  'MERGE INTO t USING stage ON t.id = stage.id REMOVE DUPLICATES',
  'SELECT * FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY ts DESC) = 1',
  'SELECT TOP 10 * FROM t',
  "SELECT LISTAGG(k, ',') WITHIN GROUP (ORDER BY k) FROM t",
  'CREATE TABLE t3 AS SELECT * FROM t',
  'CREATE TABLE t4 (v SUPER)',
  'ALTER TABLE t APPEND FROM stage',
])('says that it does not emulate %s', async sql => {
  await expect(client.query(sql)).rejects.toThrow(NOT_EMULATED);
});

test('a backslash escapes in literals, quoted names are folded to lower case', async () => {
  await client.query('CREATE TEMP TABLE "Folded" ("ID" VARCHAR(10))');
  await client.query("INSERT INTO folded (id) VALUES ('a\\'b\\\\''')");
  expect((await client.query('SELECT "Id" FROM "FOLDED"')).rows).toEqual([{ id: "a'b\\'" }]);
});

test('keys are not enforced, and a VARCHAR is measured in bytes', async () => {
  await client.query('CREATE TEMP TABLE keyed (id VARCHAR(3), PRIMARY KEY (id))');
  await client.query("INSERT INTO keyed VALUES ('abc'), ('abc')");
  await expect(client.query("INSERT INTO keyed VALUES ('\u00e4\u00e4')")).rejects.toMatchObject({
    code: 'XX000',
    message: 'Value too long for character type',
  });
  await expect(client.query('INSERT INTO keyed VALUES (NULL)')).rejects.toThrow(
    'Cannot insert a NULL value into column id',
  );
});

test('MERGE refuses several source rows for one target row', async () => {
  await client.query(
    'CREATE TEMP TABLE target (id INT, k VARCHAR(5)); CREATE TEMP TABLE source (id INT, k VARCHAR(5)); INSERT ' +
      "INTO target VALUES (1, 'a')",
  );
  await client.query("INSERT INTO source VALUES (1, 'b'), (1, 'c')");
  await expect(
    client.query(
      'MERGE INTO target USING source ON target.id = source.id WHEN MATCHED THEN UPDATE SET k = source.k ' +
        'WHEN NOT MATCHED THEN INSERT VALUES (source.id, source.k)',
    ),
  ).rejects.toThrow('Found multiple matches to update the same tuple.');
});

test('an error leaves a transaction failed; TRUNCATE commits it', async () => {
  await client.query('CREATE TABLE kept (id INT)');
  await client.query('BEGIN');
  await client.query('INSERT INTO kept VALUES (1)');
  await expect(client.query('SAVEPOINT a')).rejects.toThrow('not supported');
  await expect(client.query('SELECT 1')).rejects.toThrow('current transaction is aborted');
  await client.query('ROLLBACK');
  await client.query('BEGIN');
  await client.query('INSERT INTO kept VALUES (2)');
  await client.query('TRUNCATE stage');
  await client.query('ROLLBACK');
  expect((await client.query('SELECT id FROM kept')).rows).toEqual([{ id: 2 }]);
});

describe.each(['SERIALIZABLE', 'SNAPSHOT'])('under %s isolation', isolation => {
  const sides = () => Promise.all([1, 2].map(() => connect(isolation === 'SNAPSHOT' ? snapshot : redshift)));

  test('of two transactions that read and then write one table, the second one fails with 1023', async () => {
    const [one, two] = await sides();
    await one.query(`CREATE TABLE counters_${isolation} (n INT); INSERT INTO counters_${isolation} VALUES (0)`);
    for (const side of [one, two]) {
      await side.query('BEGIN');
      await side.query(`SELECT n FROM counters_${isolation}`);
    }
    await one.query(`UPDATE counters_${isolation} SET n = 1`);
    const second = two.query(`UPDATE counters_${isolation} SET n = 2`);
    await one.query('COMMIT');
    await expect(second).rejects.toMatchObject({
      code: 'XX000',
      message: '1023',
      detail: expect.stringContaining('Serializable isolation violation'),
    });
    await Promise.all([one.end(), two.end()]);
  });

  test('a write waits for the end of a transaction that has written to the table', async () => {
    const [one, two] = await sides();
    await one.query(`CREATE TABLE written_${isolation} (n INT)`);
    await one.query('BEGIN');
    await one.query(`INSERT INTO written_${isolation} VALUES (1)`);
    const order: string[] = [];
    const second = two.query(`INSERT INTO written_${isolation} VALUES (2)`).then(() => order.push('second'));
    const administrator = isolation === 'SNAPSHOT' ? snapshot : redshift;
    while (
      (await administrator.query("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).length === 0 &&
      order.length === 0
    );
    order.push('first');
    await one.query('COMMIT');
    await second;
    expect(order).toEqual(['first', 'second']);
    await Promise.all([one.end(), two.end()]);
  });

  test('whoever locks first sees what was committed before the lock', async () => {
    const [one, two] = await sides();
    await one.query(`CREATE TABLE locked_${isolation} (n INT)`);
    await one.query('BEGIN');
    await one.query(`LOCK locked_${isolation}`);
    await two.query('BEGIN');
    const locked = two.query(`LOCK locked_${isolation}`);
    await one.query(`INSERT INTO locked_${isolation} VALUES (1)`);
    await one.query('COMMIT');
    await locked;
    expect((await two.query(`SELECT n FROM locked_${isolation}`)).rows).toEqual([{ n: 1 }]);
    await two.query(`UPDATE locked_${isolation} SET n = 2`);
    await two.query('COMMIT');
    await Promise.all([one.end(), two.end()]);
  });
});

describe('a connection', () => {
  const attempt = async (change: ClientConfig) => {
    const other = new Client({ ...configuration(redshift), ...change });
    try {
      await other.connect();
    } finally {
      await other.end();
    }
  };

  test('must be encrypted', async () => {
    await expect(attempt({ ssl: false })).rejects.toMatchObject({
      code: '28000',
      message: expect.stringContaining('SSL off'),
    });
  });

  test('is refused by clients that do not trust the certificate, or call another host', async () => {
    await expect(attempt({ ssl: true })).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await expect(attempt({ host: '127.1' })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    await expect(attempt({ host: '127.0.0.1' })).resolves.toBeUndefined();
  });

  test.each([
    [{ password: 'wrong' }, '28000'],
    [{ user: 'eve' }, '28000'],
    [{ user: 'postgres' }, '28000'],
    [{ database: 'other' }, '3D000'],
  ])('is refused with %j', async (change, code) => {
    await expect(attempt(change)).rejects.toMatchObject({ code });
  });

  test('takes no statements with parameters', async () => {
    const other = await connect(redshift);
    await expect(other.query('SELECT $1', ['x'])).rejects.toThrow('only knows simple queries');
    await other.end();
  });
});

describe('COPY', () => {
  let tables = 0;

  async function copy(
    content: string | Buffer,
    options = '',
    entry: object = {},
  ): Promise<{ notices: string[]; rows: unknown[][] }> {
    const table = `copied_${++tables}`;
    const notices: string[] = [];
    client.on('notice', notice => notices.push(notice.message!));
    try {
      await client.query(`CREATE TEMP TABLE ${table} (row_id BIGINT IDENTITY(1,1), a VARCHAR(10), b VARCHAR(10))`);
      await s3.send(
        new PutObjectCommand({ Bucket: 'files', Key: `${table}.csv`, Body: Buffer.from(content as string) }),
      );
      await s3.send(
        new PutObjectCommand({
          Bucket: 'files',
          Key: `${table}.json`,
          Body: JSON.stringify({ entries: [{ url: `s3://files/${table}.csv`, mandatory: true, ...entry }] }),
        }),
      );
      await client.query(
        `COPY ${table} (a, b) FROM 's3://files/${table}.json' IAM_ROLE '${ROLE}' MANIFEST CSV ${options}`,
      );
      const { rows } = await client.query({ text: `SELECT a, b FROM ${table} ORDER BY row_id`, rowMode: 'array' });
      return { notices, rows };
    } finally {
      client.removeAllListeners('notice');
    }
  }

  const errors = async () =>
    (
      await client.query({
        text:
          'SELECT line_number, column_name, error_code, error_message FROM sys_load_error_detail WHERE query_id = ' +
          'pg_last_copy_id() ORDER BY 1',
        rowMode: 'array',
      })
    ).rows;

  test('reads quotes, line breaks in quotes, blanks around quotes; NULL AS says what is null', async () => {
    const { rows } = await copy(
      'head,er\n"a,""b""","c\nd"\n "e" ,\\N\n\n,""\n',
      "IGNOREHEADER 1 IGNOREBLANKLINES NULL AS ''",
    );
    expect(rows).toEqual([
      ['a,"b"', 'c\nd'],
      ['e', '\\N'],
      [null, null],
    ]);
    expect((await copy('x,\\N\n')).rows).toEqual([['x', null]]);
  });

  test('leaves out what it cannot read, up to MAXERROR, and tells where', async () => {
    const content = Buffer.concat([
      Buffer.from('a,b\na\na,b,c\na"b"c,d\n12345678901,b\n'),
      Buffer.from([0xff]),
      Buffer.from(',b\nc,d\n'),
    ]);
    const { rows, notices } = await copy(content, 'MAXERROR 10');
    expect(rows).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(notices).toContainEqual(expect.stringMatching(/, 5 record\(s\) could not be loaded/));
    expect(await errors()).toEqual([
      ['2', 'a', 1214, 'Delimiter not found'],
      ['3', '', 1202, 'Extra column(s) found'],
      ['4', '', 1214, 'Invalid quote formatting for CSV'],
      ['5', 'a', 1204, 'String length exceeds DDL length'],
      ['6', 'a', 1220, expect.stringContaining('invalid or unsupported UTF8')],
    ]);
    await expect(copy(content, 'MAXERROR 5')).rejects.toMatchObject({
      code: 'XX000',
      message: expect.stringMatching(/^Load into table 'copied_\d+' failed\. {2}Check 'sys_load_error_detail'/),
    });
    expect(await errors()).toHaveLength(5);
  });

  test('an object that is missing is passed over only if it is not mandatory', async () => {
    expect((await copy('', '', { url: 's3://files/none', mandatory: false })).rows).toEqual([]);
    await expect(copy('', '', { url: 's3://files/none' })).rejects.toThrow(
      /S3ServiceException:The specified key does not exist\.,Status 404/,
    );
  });

  test('says what is wrong with manifest, role, gzip and table', async () => {
    await expect(client.query(`COPY stage FROM 's3://files/none' IAM_ROLE '${ROLE}' MANIFEST CSV`)).rejects.toThrow(
      NOT_EMULATED,
    ); // stage has columns that are no text
    await client.query('CREATE TEMP TABLE texts (a VARCHAR(5))');
    await expect(client.query(`COPY texts FROM 's3://files/none' IAM_ROLE '${ROLE}' MANIFEST CSV`)).rejects.toThrow(
      /^Problem reading manifest file - S3ServiceException:.*Status 404/,
    );
    await expect(
      client.query("COPY texts FROM 's3://files/none' IAM_ROLE 'arn:aws:iam::123456789012:role/other' MANIFEST CSV"),
    ).rejects.toThrow('is not authorized to assume IAM Role arn:aws:iam::123456789012:role/other');
    await expect(client.query(`COPY missing FROM 's3://files/none' IAM_ROLE '${ROLE}' MANIFEST CSV`)).rejects.toThrow(
      /missing/,
    );
    await expect(copy('no gzip', 'GZIP')).rejects.toThrow(/s3:\/\/files\/copied_\d+\.csv: inflate failed/);
  });
});
