// Asks the Redshift of a run with --keep; the run prints how to call it.
import { readFileSync } from 'fs';
import { Client } from 'pg';

async function main(statements: string[]): Promise<void> {
  if (statements.length !== 1) throw new Error("usage: npx tsx local/query.ts 'SELECT …'");
  const { PGHOST: host, PGSSLROOTCERT: caFile } = process.env;
  if (!host || !caFile) {
    throw new Error('PGHOST or PGSSLROOTCERT is not set. Set the variables that the run with --keep prints.');
  }
  const client = new Client({
    ssl: { ca: readFileSync(caFile, 'utf8') },
    types: { getTypeParser: () => (value: string) => value }, // as Redshift writes them
  });
  await client.connect();
  try {
    const { rows, rowCount } = await client.query(statements[0]);
    for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
    process.stderr.write(`${rowCount ?? 0} rows\n`);
  } finally {
    await client.end();
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
