import { outcomeOf } from '../../../../local/demo/outcome';
import type { PageContent } from '../../../../local/demo/page';
import type { TargetContent } from '../../../../local/demo/targets';
import type { DatasetDefinition } from '../../../../src/dataset/contract';
import type { FileItem } from '../../../../src/file-ledger/contract';

const DATASET: DatasetDefinition = {
  name: 'trips',
  format: { type: 'csv', delimiter: ',', header: true },
  columns: [
    { name: 'id', type: 'string', header: 'id', required: true },
    { name: 'note', type: 'string', header: 'note', required: false },
  ],
  key: ['id'],
};
/** What would run in a browser if it were not escaped. */
export const HOSTILE = "<img src=x onerror=\"document.title='run'\"></td>&'\u0007";
const RUN = '20261124T231221Z-71227995ec3d6a83';
const counts = { rowsRead: 6, rowsWritten: 4, rowsRejected: 1, duplicatesDropped: 1, seconds: 14 };
const file = (key: string, more: Partial<FileItem>): FileItem => ({
  id: key,
  bucket: 'landing',
  key,
  versionId: 'v1',
  etag: 'e',
  size: 1234,
  status: 'LOADED',
  runId: RUN,
  limit: 0,
  arrived: `2026#${key}`,
  ...more,
});

/** A run of two files with all that a page shows. */
export function content(): PageContent {
  const app: PageContent['app'] = {
    landingBucket: 'landing',
    prefix: 'reports/',
    queueName: 'queue',
    ledgerTable: 'ledger',
    workBucket: 'work',
    stateMachineArn: 'arn:aws:states:us-east-1:0:stateMachine:Trips',
    dataset: DATASET,
    steps: [
      {
        stepId: 'ToDynamo',
        within: [],
        target: { engine: 'DynamoDB', table: 'OrdersFoundation-Items5C12978B-CE3E8969F0AFC' },
      },
      {
        stepId: 'ToRedshift',
        within: [],
        target: { engine: 'Redshift', schema: 'travel', table: 'trips', mode: 'upsert' },
      },
      { stepId: 'Summary', within: [] },
    ],
  };
  const targets: TargetContent[] = [
    {
      stepId: 'ToDynamo',
      target: app.steps[0].target!,
      columns: ['id', 'note'],
      rows: [
        { id: 'a', note: HOSTILE },
        { id: 'b', note: null },
      ],
    },
    {
      stepId: 'ToRedshift',
      target: app.steps[1].target!,
      columns: ['id', 'note'],
      rows: [
        { id: 'a', note: HOSTILE },
        { id: 'b', note: 'other' },
      ],
    },
  ];
  const began = Date.parse('2026-11-24T23:12:21Z');
  const executions: PageContent['executions'] = [
    {
      name: `${RUN}-1`,
      runId: RUN,
      attempt: 1,
      began,
      ended: began + 26_000,
      status: 'SUCCEEDED',
      steps: [
        { stepId: 'ToDynamo', began: began + 1_000, ended: began + 15_000 },
        { stepId: 'ToRedshift', began: began + 15_000, ended: began + 24_000 },
        { stepId: 'Summary', began: began + 24_000, ended: began + 25_000 },
      ],
      results: { Summary: { flights: 4 } },
    },
  ];
  const ledger: PageContent['ledger'] = {
    files: [
      file('reports/one.csv', {}),
      file(`reports/${HOSTILE}.csv`, { status: 'REJECTED', reason: 'has another header' }),
    ],
    runs: [
      {
        id: RUN,
        status: 'SUCCEEDED',
        attempt: 1,
        count: 2,
        bytes: 2468,
        maxAttempts: 3,
        created: '2026-11-24T23:12:21Z',
        seconds: 26,
        results: { ToDynamo: counts, ToRedshift: counts },
      },
    ],
    live: [],
  };
  return {
    app,
    ledger,
    outcome: outcomeOf(app, ledger, targets, executions),
    executions,
    rejectedRows: ['ToDynamo: 1 rejected', `    id: missing  reports/one.csv  ,${HOSTILE}`],
  };
}
