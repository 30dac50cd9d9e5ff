import { Client } from 'pg';
import type { WarehouseLogin } from './connection';
import { RedshiftConnection } from './digest-login';
import { ConnectionLostError, isLost } from './retries';

/** Result of a statement: every value is the text that the server sent. */
export interface Rows {
  readonly rows: (string | null)[][];
  /** Rows that the statement changed, where the server says so. */
  readonly rowCount: number;
  /** Texts of the notices that came with it. */
  readonly notices: string[];
}

/** How long a login takes that is there to cancel a statement; and how long the server may take to say goodbye. */
const CANCEL_TIMEOUT_MILLISECONDS = 5_000;
const GOODBYE_MILLISECONDS = 1_000;

/** One connection to the warehouse. Its temporary tables live as long as it does. */
export class Session {
  /**
   * @param maxSeconds how long a statement may take: one whose client is gone would run on
   * @param signal ends the attempt to connect
   * @throws ConnectionLostError, or whatever the server answers; classify() turns it into an error of the pipeline
   */
  static async open(login: WarehouseLogin, maxSeconds: number, signal: AbortSignal): Promise<Session> {
    const session = new Session(login);
    const abort = (): void => session.destroy();
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      await session.client.connect();
      // names are written as the catalogue has them; timestamps without zone are UTC
      await session.query('SET enable_case_sensitive_identifier TO true');
      await session.query("SET timezone TO 'UTC'");
      await session.query(`SET statement_timeout TO ${maxSeconds * 1000}`);
      session.pid = await session.value('SELECT pg_backend_pid()');
      return session;
    } catch (error) {
      session.destroy();
      throw asLost(error);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  private readonly connection: RedshiftConnection;
  private readonly client: Client;
  private notices: string[] = [];
  private lost?: Error;
  private pid?: string;

  private constructor(private readonly login: WarehouseLogin) {
    [this.client, this.connection] = clientFor(login);
    this.client.on('notice', notice => this.notices.push(notice.message ?? ''));
    // Without a listener a connection that breaks between two statements would end the process. The next statement
    // reports it.
    this.client.on('error', error => {
      this.lost = error;
    });
  }

  /** Name of the database user. */
  get user(): string {
    return this.login.user;
  }

  async query(sql: string): Promise<Rows> {
    if (this.lost) throw asLost(this.lost);
    this.notices = [];
    try {
      const { rows, rowCount } = await this.client.query<(string | null)[]>({ text: sql, rowMode: 'array' });
      return { rows, rowCount: rowCount ?? 0, notices: this.notices };
    } catch (error) {
      throw asLost(error);
    }
  }

  /** The only value of a statement's only row. */
  async value(sql: string): Promise<string> {
    const { rows } = await this.query(sql);
    return rows[0][0]!;
  }

  /**
   * Ends the session at once. A transaction under way is rolled back.
   * A statement under way would run on without its client, so it is cancelled, over a connection of its own.
   *
   * @param login a fresh one: the password of the session's own may have expired meanwhile
   */
  async abort(login: () => Promise<WarehouseLogin>): Promise<void> {
    try {
      const [canceller] = clientFor({ ...(await login()), connectionTimeoutMillis: CANCEL_TIMEOUT_MILLISECONDS });
      canceller.on('error', () => {
        /* the end of the session below is what counts */
      });
      try {
        await canceller.connect();
        await canceller.query(`SELECT pg_cancel_backend(${this.pid})`);
      } finally {
        void canceller.end();
      }
    } finally {
      this.destroy();
    }
  }

  /**
   * Ends another session, of a connection that was lost, if the server has it still: it might hold locks that this one
   * needs.
   */
  async endOther({ pid }: Session): Promise<void> {
    // https://docs.aws.amazon.com/redshift/latest/dg/PG_TERMINATE_BACKEND.html
    if (pid !== undefined) await this.query(`SELECT pg_terminate_backend(${pid})`);
  }

  /** Says goodbye; a server that is silent is left. */
  async close(): Promise<void> {
    const left = setTimeout(() => this.destroy(), GOODBYE_MILLISECONDS);
    await this.client.end();
    clearTimeout(left);
  }

  /** Ends the connection without a word. */
  destroy(): void {
    this.connection.stream.destroy();
  }
}

const asLost = (error: unknown): unknown =>
  error instanceof Error && isLost(error) ? new ConnectionLostError(error) : error;

function clientFor(login: WarehouseLogin): [Client, RedshiftConnection] {
  const connection = new RedshiftConnection(login, login.password);
  const config = {
    ...login,
    connection, // pg's types do not know that it may be given
    // every value as text: numbers of 64 bits and decimals stay exact
    types: { getTypeParser: () => (value: string) => value },
  };
  return [new Client(config), connection];
}
