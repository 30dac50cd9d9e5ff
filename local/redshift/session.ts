import type { Socket } from 'net';
import { SecureContext, TLSSocket } from 'tls';
import type { S3Client } from '@aws-sdk/client-s3';
import { Client, ClientConfig, DatabaseError, QueryArrayResult } from 'pg';
import { PasswordDigest, passwordChallenge } from './authentication';
import { copy, LoadError } from './copy';
import type { CopyStatement } from './copy-statement';
import { BYTES_CONSTRAINT } from './create-table';
import { CopyMemory } from './expressions';
import { errorOf, Fault, Faults } from './faults';
import { parseStatements, Statement } from './lexer';
import { detailBlock, RedshiftError } from './redshift-error';
import { Plan, plan } from './statements';
import * as wire from './wire';

/** What the sessions of one stand-in share. */
export interface Warehouse {
  /** Where PostgreSQL is, and the database. Users have the same names and passwords there. */
  readonly backend: ClientConfig;
  readonly isolation: 'SERIALIZABLE' | 'SNAPSHOT';
  readonly passwords: ReadonlyMap<string, string>;
  readonly passwordDigest: PasswordDigest;
  readonly copyRoles?: readonly string[];
  readonly secureContext: SecureContext;
  readonly s3: S3Client;
  readonly faults: Faults;
  nextQueryId(): number;
  onRowsCopied(rows: number): void;
  recordLoadErrors(queryId: number, errors: LoadError[]): Promise<void>;
}

type Result = QueryArrayResult<(string | null)[]>;

// server_version and the like as Redshift announces them; clients look at them
const PARAMETERS = {
  server_version: '8.0.2',
  server_encoding: 'UTF8',
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  TimeZone: 'UTC',
  integer_datetimes: 'on',
};

/**
 * One client's connection: logs it in, and runs its statements one after the other on a PostgreSQL connection of its
 * own.
 */
export class Session {
  private socket: Socket;
  private readonly reader = new wire.MessageReader();
  private readonly waiting: (() => void)[] = [];
  private backend?: Client;
  private user = '';
  private encrypted = false;
  private closed = false;
  private caseSensitive = false;
  private readonly lastCopy: CopyMemory = { id: -1, count: 0 };

  constructor(
    socket: Socket,
    private readonly warehouse: Warehouse,
  ) {
    this.socket = socket;
    this.listen(socket);
  }

  /** Serves the client until it goes away. */
  async serve(): Promise<void> {
    try {
      if (!(await this.logIn())) return;
      for (let next = await this.receive(); next; next = await this.receive()) {
        if (next.type === 'X') {
          await this.interrupted('goodbye', 'before');
          return;
        }
        await this.answer(next);
      }
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.socket.destroy();
    this.wake();
    await this.backend?.end();
  }

  // ---- bytes

  private listen(socket: Socket): void {
    this.socket = socket;
    socket.on('data', bytes => {
      this.reader.add(bytes);
      this.wake();
    });
    socket.on('error', () => socket.destroy()); // 'close' follows
    socket.on('close', () => {
      void this.close();
    });
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private async receive(): Promise<wire.Message | undefined> {
    for (;;) {
      const next = this.closed ? undefined : this.reader.next();
      if (next || this.closed) return next;
      await new Promise<void>(resolve => this.waiting.push(resolve));
    }
  }

  private send(...messages: Buffer[]): void {
    if (!this.closed) this.socket.write(Buffer.concat(messages));
  }

  // ---- logging in

  private async logIn(): Promise<boolean> {
    for (;;) {
      const start = await this.receive();
      if (!start) return false;
      const code = start.body.readInt32BE(0);
      if (code === wire.SSL_REQUEST) this.encrypt();
      else if (code === wire.GSS_REQUEST) this.send(Buffer.from('N'));
      else if (code === wire.PROTOCOL_VERSION) return this.authenticate(start.body.subarray(4));
      else return this.refuse('08P01', `unsupported frontend protocol ${code}`);
    }
  }

  private encrypt(): void {
    this.socket.write('S');
    this.socket.removeAllListeners('data');
    this.listen(new TLSSocket(this.socket, { isServer: true, secureContext: this.warehouse.secureContext }));
    this.encrypted = true;
  }

  private async authenticate(body: Buffer): Promise<boolean> {
    const texts = wire.readTexts(body);
    const parameters = new Map(texts.flatMap((text, index) => (index % 2 === 0 ? [[text, texts[index + 1]]] : [])));
    this.user = parameters.get('user')!;
    const database = parameters.get('database') ?? this.user;
    this.reader.startUpIsOver();
    if (!this.encrypted) {
      return this.refuse(
        '28000',
        `no pg_hba.conf entry for host "127.0.0.1", user "${this.user}", database "${database}", SSL off`,
      );
    }
    const challenge = passwordChallenge(this.user, this.warehouse.passwords, this.warehouse.passwordDigest);
    this.send(challenge.request);
    const answer = await this.receive();
    if (answer?.type !== challenge.answerType) return false;
    if (!challenge.accepts(answer.body)) {
      return this.refuse('28000', `password authentication failed for user "${this.user}"`);
    }
    if (database !== this.warehouse.backend.database) {
      return this.refuse('3D000', `database "${database}" does not exist`);
    }
    await this.connect();
    const parameterMessages = Object.entries(PARAMETERS).map(([name, value]) => wire.parameterStatus(name, value));
    this.send(wire.authenticationOk(), ...parameterMessages, wire.readyForQuery('I'));
    return true;
  }

  private refuse(code: string, message: string): false {
    this.send(wire.errorResponse({ severity: 'FATAL', code, message }));
    this.socket.end();
    return false;
  }

  private async connect(): Promise<void> {
    const settings = {
      default_transaction_isolation: this.warehouse.isolation === 'SNAPSHOT' ? 'repeatable\\ read' : 'serializable',
      timezone: 'UTC',
      standard_conforming_strings: 'off', // a backslash escapes
      escape_string_warning: 'off',
      client_min_messages: 'warning',
    };
    const options = Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' ');
    this.backend = new Client({
      ...this.warehouse.backend,
      user: this.user,
      password: this.warehouse.passwords.get(this.user),
      options,
      types: { getTypeParser: () => (value: string) => value },
    });
    this.backend.on('error', () => {
      void this.close();
    });
    await this.backend.connect();
  }

  // ---- statements

  private async answer({ type, body }: wire.Message): Promise<void> {
    switch (type) {
      case 'Q':
        return this.runAll(wire.readTexts(body)[0]);
      case 'S':
        return this.send(wire.readyForQuery(this.status()));
      // the extended protocol: an error is due once, at the first of its messages
      case 'P':
        return this.send(
          wire.errorResponse({
            code: '0A000',
            message: 'This stand-in for Redshift only knows simple queries, without parameters.',
          }),
        );
      default:
        return undefined;
    }
  }

  private status(): string {
    return this.backend!.getTransactionStatus() ?? 'I';
  }

  private async runAll(text: string): Promise<void> {
    try {
      const statements = parseStatements(text, this.caseSensitive);
      if (statements.length === 0) this.send(wire.emptyQueryResponse());
      for (const statement of statements) await this.run(statement);
    } catch (error) {
      await this.failTransaction();
      this.send(wire.errorResponse(this.asRedshift(error)));
    }
    this.send(wire.readyForQuery(this.status()));
  }

  private async run(statement: Statement): Promise<void> {
    const prepared = plan(statement, this.lastCopy);
    const fault = this.warehouse.faults.next(statement.sql);
    if (fault?.error) throw errorOf(fault.error);
    if (await this.interrupted(statement.sql, 'before')) return;
    const answer = await this.execute(prepared, fault);
    if (await this.interrupted(statement.sql, 'after')) return;
    if (fault?.thenLose) {
      fault.thenLose();
      await this.close();
    }
    this.send(...answer);
  }

  /** Whether the client is to hear nothing more. */
  private async interrupted(sql: string, moment: 'before' | 'after'): Promise<boolean> {
    const order = await this.warehouse.faults.watch?.(sql, moment);
    if (order === 'cut') await this.close();
    while (order === 'silence' && !this.closed) await new Promise<void>(resolve => this.waiting.push(resolve));
    return order !== undefined;
  }

  private async execute(prepared: Plan, fault?: Fault): Promise<Buffer[]> {
    switch (prepared.kind) {
      case 'acknowledge':
        return [wire.commandComplete(prepared.tag)];
      case 'caseSensitivity':
        this.caseSensitive = prepared.on;
        return [wire.commandComplete('SET')];
      case 'copy':
        return this.copy(prepared.copy, fault);
      case 'truncate': {
        const inTransaction = this.status() === 'T';
        await this.query(prepared.sql);
        if (inTransaction) await this.query('COMMIT');
        return [wire.commandComplete('TRUNCATE TABLE')];
      }
      case 'run': {
        // A write waits for other writes to its table. In one text, so that the lock comes before the statement's
        // snapshot.
        const lock = prepared.writes ? `LOCK TABLE ${prepared.writes.sql} IN SHARE ROW EXCLUSIVE MODE; ` : '';
        return answerOf(await this.query(lock + prepared.sql));
      }
    }
  }

  private async query(sql: string): Promise<Result> {
    // several statements have several results
    const result: Result | Result[] = await this.backend!.query<(string | null)[]>({ text: sql, rowMode: 'array' });
    return Array.isArray(result) ? result[result.length - 1] : result;
  }

  private async copy(statement: CopyStatement, fault?: Fault): Promise<Buffer[]> {
    const alone = this.status() === 'I';
    if (alone) await this.query('BEGIN');
    const queryId = this.warehouse.nextQueryId();
    const errors: LoadError[] = [];
    try {
      await this.query(`LOCK TABLE ${statement.table.sql} IN SHARE ROW EXCLUSIVE MODE`);
      const { s3, copyRoles } = this.warehouse;
      this.lastCopy.count = await copy(
        statement,
        {
          backend: this.backend!,
          s3,
          roles: copyRoles,
          queryId,
          refuses: fault?.copyRefuses,
          onRows: rows => this.warehouse.onRowsCopied(rows),
        },
        errors,
      );
      this.lastCopy.id = queryId;
      if (alone) await this.query('COMMIT');
    } catch (error) {
      // https://docs.aws.amazon.com/redshift/latest/dg/PG_LAST_COPY_ID.html: data that cannot be loaded updates the id
      if (errors.length > 0) this.lastCopy.id = queryId;
      if (alone) await this.query('ROLLBACK');
      throw error;
    } finally {
      await this.warehouse.recordLoadErrors(queryId, errors);
    }
    const load = `Load into table '${statement.table.name}' completed,`;
    return [
      wire.notice(`${load} ${this.lastCopy.count} record(s) loaded successfully.`),
      ...(errors.length > 0
        ? [
            wire.notice(
              `${load} ${errors.length} record(s) could not be loaded.  Check 'sys_load_error_detail' system ` +
                'table for details.',
            ),
          ]
        : []),
      wire.commandComplete('COPY'),
    ];
  }

  /** PostgreSQL does not know of errors that were found here. */
  private async failTransaction(): Promise<void> {
    if (this.closed || this.status() !== 'T') return;
    await this.query('SELECT 1 / 0').catch(() => undefined);
  }

  private asRedshift(error: unknown): wire.ErrorFields {
    if (error instanceof RedshiftError) return { code: error.code, message: error.message, detail: error.detail };
    if (!(error instanceof DatabaseError)) return { code: 'XX000', message: `stand-in: ${(error as Error).stack}` };
    switch (error.code) {
      case '40001':
        return {
          message: '1023',
          detail:
            `Serializable isolation violation on table - ${error.table ?? 0}, transactions forming the cycle are: ` +
            '1, 2',
        };
      case '21000':
        if (/MERGE/.test(`${error.message} ${error.hint}`)) {
          return { message: 'Found multiple matches to update the same tuple.' };
        }
        break;
      case '22001':
      case '23514':
        if (error.code === '22001' || error.constraint?.startsWith(BYTES_CONSTRAINT)) {
          const message = 'Value too long for character type';
          return { message, detail: detailBlock(message, 8001, 'Value too long for type character varying', 0) };
        }
        break;
      case '23505': // two sessions have changed the catalogue at once
        if (error.constraint?.startsWith('pg_')) {
          return { message: 'could not complete because of conflict with concurrent transaction' };
        }
        break;
      case '23502':
        return { message: `Cannot insert a NULL value into column ${error.column}` };
      case '42501':
        return {
          code: '42501',
          message: error.message.replace('permission denied for table', 'permission denied for relation'),
        };
    }
    return { code: error.code, message: error.message, detail: error.detail };
  }
}

function answerOf({ command, rowCount, fields, rows }: Result): Buffer[] {
  const counted = ['SELECT', 'UPDATE', 'DELETE', 'MERGE'].includes(command) ? `${command} ${rowCount}` : command;
  const complete = wire.commandComplete(command === 'INSERT' ? `INSERT 0 ${rowCount}` : counted);
  return command === 'SELECT' ? [wire.rowDescription(fields), ...rows.map(wire.dataRow), complete] : [complete];
}
