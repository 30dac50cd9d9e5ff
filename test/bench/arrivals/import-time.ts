import { spawnSync } from 'child_process';
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import * as path from 'path';
import { buildSync } from 'esbuild';

/** The clients that the arrivals function calls, and nothing else. */
const BARE_CLIENTS = `
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, TransactWriteItemsCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
export default [DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, TransactWriteItemsCommand, UpdateItemCommand, DynamoDBDocumentClient,
  EventBridgeClient, PutEventsCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client, SFNClient,
  StartExecutionCommand];
`;

const PROGRAM =
  'const began = process.hrtime.bigint(); require(process.argv[1]); console.log(Number(process.hrtime.bigint() - ' +
  'began) / 1e6)';

/**
 * Milliseconds that Node.js takes to import the bundle and the bare clients: medians of runs in turn, each in a process
 * of its own.
 */
export function importTimes(
  bundle: string,
  repeats: number,
): { readonly bundle: number; readonly bareClients: number } {
  const folder = mkdtempSync(path.join(tmpdir(), 'bare-clients-'));
  try {
    const bare = path.join(folder, 'index.js');
    // as .projenrc.ts bundles
    buildSync({
      stdin: { contents: BARE_CLIENTS, resolveDir: __dirname, loader: 'ts' },
      outfile: bare,
      bundle: true,
      minify: true,
      keepNames: true,
      format: 'cjs',
      platform: 'node',
      target: 'node22',
      mainFields: ['module', 'main'],
    });
    const times: Record<string, number[]> = { [bundle]: [], [bare]: [] };
    for (let turn = 0; turn <= repeats; turn++) {
      for (const file of [bundle, bare]) {
        const milliseconds = importTime(file);
        if (turn > 0) times[file].push(milliseconds); // the first one warms the disk's cache
      }
    }
    return { bundle: median(times[bundle]), bareClients: median(times[bare]) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function importTime(file: string): number {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', PROGRAM, file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} cannot be imported:\n${stderr}`);
  return Number(stdout);
}

export function median(numbers: number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
