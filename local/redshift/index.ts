import { appendFileSync, mkdirSync, writeFileSync } from 'fs';
import { AddressInfo, createServer, Socket } from 'net';
import * as path from 'path';
import { createSecureContext } from 'tls';
import { S3Client } from '@aws-sdk/client-s3';
import { Client, Pool } from 'pg';
import type { PasswordDigest } from './authentication';
import { createCertificate } from './certificate';
import { Fault, Faults, StatementWatch } from './faults';
import { startPostgresql } from './postgresql';
import { Session, Warehouse } from './session';
import { STAND_IN_SCHEMA, SYSTEM_OBJECTS } from './system-objects';

export { Fault, SERIALIZATION_FAILURE, StatementWatch } from './faults';

export interface RedshiftOptions {
  /** Folder for the data and the logs. */
  readonly runFolder: string;
  /** Where S3 is, for COPY. */
  readonly awsEndpoint: string;
  /** Who may log in; owns the database. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /**
   * How passwords are kept, and so asked for.
   * @default md5
   */
  readonly passwordDigest?: PasswordDigest;
  /**
   * ARNs of the roles that COPY may use.
   * @default - any role
   */
  readonly copyRoles?: readonly string[];
  /**
   * Whether the server's certificate is out of date.
   * @default false
   */
  readonly certificateExpired?: boolean;
  /**
   * New databases of Redshift have SNAPSHOT, older ones SERIALIZABLE.
   * @default SERIALIZABLE
   */
  readonly isolation?: 'SERIALIZABLE' | 'SNAPSHOT';
}

export interface RunningRedshift {
  readonly host: string;
  readonly port: number;
  /** Certificate that clients must trust: NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  /** Runs PostgreSQL's own SQL as an administrator, past everything that the stand-in refuses. Values come as text. */
  query(sql: string): Promise<Record<string, string | null>[]>;
  /**
   * Runs PostgreSQL's own SQL as an administrator in a transaction that stays open until the returned function is
   * called.
   */
  hold(sql: string): Promise<() => Promise<void>>;
  /** Rows that COPY has loaded since the start, into temporary tables too. */
  rowsCopied(): number;
  /** Lets something go wrong. */
  inject(fault: Fault): void;
  /** Shows it every statement from now on; without one, nobody sees them. */
  watch(watch?: StatementWatch): void;
  stop(): Promise<void>;
}

/**
 * Starts a stand-in for Redshift: PostgreSQL behind a server that accepts what Redshift accepts and refuses what it
 * refuses.
 */
export async function startRedshift(options: RedshiftOptions): Promise<RunningRedshift> {
  const folder = path.join(options.runFolder, 'redshift');
  const postgresql = await startPostgresql(folder);
  const setUp = new Client(postgresql.superuser);
  await setUp.connect();
  await setUp.query(
    `CREATE ROLE ${setUp.escapeIdentifier(options.user)} LOGIN PASSWORD ${setUp.escapeLiteral(options.password)}`,
  );
  await setUp.query(
    `CREATE DATABASE ${setUp.escapeIdentifier(options.database)} OWNER ${setUp.escapeIdentifier(options.user)}`,
  );
  await setUp.end();
  const administrator = new Pool({
    ...postgresql.superuser,
    database: options.database,
    max: 4,
    types: { getTypeParser: () => (value: string) => value },
  });
  administrator.on('error', () => undefined); // idle connections end with the server
  await administrator.query(SYSTEM_OBJECTS);

  const { key, certificate } = createCertificate(options.certificateExpired);
  mkdirSync(folder, { recursive: true });
  const caFile = path.join(folder, 'certificate.pem');
  writeFileSync(caFile, certificate);
  const s3 = new S3Client({
    endpoint: options.awsEndpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const faults = new Faults();
  let queryId = 1000;
  let rowsCopied = 0;
  const warehouse: Warehouse = {
    backend: {
      host: postgresql.superuser.host,
      port: postgresql.superuser.port,
      ssl: false,
      database: options.database,
    },
    isolation: options.isolation ?? 'SERIALIZABLE',
    passwords: new Map([[options.user, options.password]]),
    passwordDigest: options.passwordDigest ?? 'md5',
    copyRoles: options.copyRoles,
    secureContext: createSecureContext({ key, cert: certificate }),
    s3,
    faults,
    nextQueryId: () => queryId++,
    onRowsCopied: rows => {
      rowsCopied += rows;
    },
    recordLoadErrors: async (id, errors) => {
      if (errors.length === 0) return;
      await administrator.query(
        `INSERT INTO ${STAND_IN_SCHEMA}.load_errors SELECT $1, now(), * FROM unnest($2::text[], $3::bigint[], ` +
          '$4::text[], $5::int[], $6::text[])',
        [
          id,
          ...(['file', 'line', 'column', 'code', 'message'] as const).map(field => errors.map(error => error[field])),
        ],
      );
    },
  };

  const sessions = new Set<Session>();
  const server = createServer((socket: Socket) => {
    const session = new Session(socket, warehouse);
    sessions.add(session);
    void session
      .serve()
      .catch(error => appendFileSync(path.join(folder, 'sessions.log'), `${error.stack}\n`))
      .finally(() => sessions.delete(session));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  return {
    host: 'localhost',
    port: (server.address() as AddressInfo).port,
    caFile,
    query: async sql => (await administrator.query<Record<string, string | null>>(sql)).rows,
    hold: async sql => {
      const client = await administrator.connect();
      await client.query('BEGIN');
      await client.query(sql);
      return async () => {
        await client.query('ROLLBACK');
        client.release();
      };
    },
    rowsCopied: () => rowsCopied,
    inject: fault => faults.add(fault),
    watch: watch => {
      faults.watch = watch;
    },
    stop: async () => {
      await Promise.all([...sessions].map(session => session.close()));
      await new Promise(resolve => server.close(resolve));
      await administrator.end();
      s3.destroy();
      await postgresql.stop();
    },
  };
}
