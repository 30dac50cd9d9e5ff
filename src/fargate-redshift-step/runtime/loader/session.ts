import { Client, ClientConfig } from 'pg';

/** Result of a statement: every value is the text that the server sent. */
export interface Rows {
  readonly rows: (string | null)[][];
  /** Rows that the statement changed, where the server says so. */
  readonly rowCount: number;
  /** Texts of the notices that came with it. */
  readonly notices: string[];
}

/** One connection to the warehouse. Its temporary tables live as long as it does. */
export class Session {
  /** @throws whatever the server or the network answers; classify() turns it into an error of the pipeline */
  static async open(config: ClientConfig): Promise<Session> {
    // every value as text: numbers of 64 bits and decimals stay exact
    const client = new Client({ ...config, types: { getTypeParser: () => (value: string) => value } });
    const session = new Session(client, config);
    await client.connect();
    // The loader folds names itself; timestamps without zone are UTC.
    await session.query('SET enable_case_sensitive_identifier TO false');
    await session.query("SET timezone TO 'UTC'");
    session.pid = await session.value('SELECT pg_backend_pid()');
    return session;
  }

  private notices: string[] = [];
  private lost?: Error;
  private pid?: string;

  private constructor(private readonly client: Client, private readonly config: ClientConfig) {
    client.on('notice', notice => this.notices.push(notice.message ?? ''));
    // Without a listener a connection that breaks between two statements would end the process. The next statement reports it.
    client.on('error', error => { this.lost = error; });
  }

  /** Name of the database user. */
  get user(): string {
    return this.config.user!;
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
   * Ends the session. A transaction under way is rolled back.
   * A statement under way would run on without its client, so it is cancelled, over a connection of its own.
   */
  async abort(): Promise<void> {
    const canceller = new Client({ ...this.config, connectionTimeoutMillis: 5_000 });
    canceller.on('error', () => { /* the end of the session below is what counts */ });
    try {
      await canceller.connect();
      await canceller.query(`SELECT pg_cancel_backend(${this.pid})`);
    } finally {
      await Promise.allSettled([canceller.end(), this.client.end()]);
    }
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}
