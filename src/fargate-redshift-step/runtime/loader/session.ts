import { Client } from 'pg';
import type { WarehouseLogin } from './connection';
import { RedshiftConnection } from './digest-login';

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
   * @param signal ends the attempt to connect
   * @throws whatever the server or the network answers; classify() turns it into an error of the pipeline
   */
  static async open(login: WarehouseLogin, signal: AbortSignal): Promise<Session> {
    const session = new Session(login);
    const abort = (): void => session.destroy();
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      await session.client.connect();
      // The loader folds names itself; timestamps without zone are UTC.
      await session.query('SET enable_case_sensitive_identifier TO false');
      await session.query("SET timezone TO 'UTC'");
      session.pid = await session.value('SELECT pg_backend_pid()');
      return session;
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
    if (this.lost) throw this.lost;
    this.notices = [];
    const { rows, rowCount } = await this.client.query<(string | null)[]>({ text: sql, rowMode: 'array' });
    return { rows, rowCount: rowCount ?? 0, notices: this.notices };
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

  /** Says goodbye; a server that is silent is left. */
  async close(): Promise<void> {
    const left = setTimeout(() => this.destroy(), GOODBYE_MILLISECONDS);
    await this.client.end();
    clearTimeout(left);
  }

  private destroy(): void {
    this.connection.stream.destroy();
  }
}

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
