import { graph } from './graph';
import { html, type Html } from './html';
import { STYLE } from './style';
import { timeline } from './timeline';
import type { Row } from '../compare';
import type { DeployedPipeline } from '../deployed';
import type { LedgerContent } from '../ledger';
import { agreement, type Outcome } from '../outcome';
import { titleOf, type Comparison, type TargetContent } from '../targets';
import type { ExecutionRecord } from '../watch/execution-changes';

/** Rows of a table that the page shows at most: a browser slows down long before the JSON report does. */
const MOST_ROWS = 500;

export interface PageContent {
  readonly app: DeployedPipeline;
  readonly ledger: LedgerContent;
  readonly outcome: Outcome;
  readonly executions: ExecutionRecord[];
  /** One line each, as the terminal shows them. */
  readonly rejectedRows: string[];
}

/** What came of the files as one page, which needs nothing but itself. */
export function reportPage({ app, ledger, outcome, executions, rejectedRows }: PageContent, now = Date.now()): string {
  const { report, targets, comparison } = outcome;
  const name = app.stateMachineArn.split(':').at(-1)!;
  const bytes = ledger.files.reduce((sum, file) => sum + file.size, 0);
  const compared = typeof comparison === 'object' ? [comparison.dynamodb, comparison.redshift] : [];
  const others = report.runs.flatMap(run => Object.entries(run.otherResults).map(entry => [run.runId, ...entry]));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${name}: ${report.files.length} files</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <h1>${name}</h1>
        <p class="${outcome.good ? 'verdict good' : 'verdict'}">${verdict(outcome)}</p>
        ${section('The pipeline', graph(app, report, bytes))} ${section('Timeline', timeline(executions, now))}
        ${section('Files', files(ledger))}
        ${section('Rejected rows', rejectedRows.length === 0 ? html`<p>None.</p>` : lines(rejectedRows))}
        ${typeof comparison === 'object' ? section('Both targets', sideBySide(comparison)) : ''}
        ${targets.filter(other => !compared.includes(other)).map(other => section(titleOf(other), oneTarget(other)))}
        ${others.length > 0 ? section('Other results', otherResults(others)) : ''}
      </body>
    </html>`;
  return `${page.text.trimStart()}\n`;
}

function verdict({ good, comparison }: Outcome): string {
  const targets = comparison === undefined ? '' : ` Do the targets agree? ${agreement(comparison)[0]}.`;
  return `${good ? 'Every file is loaded or rejected.' : 'Something is not as it should be.'}${targets}`;
}

function section(title: string, content: Html): Html {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

function files({ files: all }: LedgerContent): Html {
  if (all.length === 0) return html`<p>None has arrived.</p>`;
  return html`<table>
    <thead>
      <tr>
        ${['File', 'Version', 'Bytes', 'Outcome', 'Run', 'Reason'].map(title => html`<th>${title}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${all.slice(0, MOST_ROWS).map(
        ({ key, versionId, size, status, runId, reason }) =>
          html`<tr class="${status}">
            <td>${key}</td>
            <td class="small">${versionId ?? ''}</td>
            <td class="number">${size.toLocaleString('en-US')}</td>
            <td>${status}</td>
            <td class="small">${runId}</td>
            <td>${reason ?? ''}</td>
          </tr>`,
      )}
    </tbody>
    ${andMore(all.length)}
  </table>`;
}

function sideBySide({ dynamodb, redshift, pairs }: Comparison): Html {
  if (pairs.length === 0) return html`<p>No rows.</p>`;
  return html`<table>
    <thead>
      <tr>
        <th>Key</th>
        <th>Column</th>
        <th>${titleOf(dynamodb)}</th>
        <th>${titleOf(redshift)}</th>
      </tr>
    </thead>
    ${pairs.slice(0, MOST_ROWS).map(
      pair =>
        html`<tbody>
          ${redshift.columns.map(
            (column, index) =>
              html`<tr class="${pair.differences.includes(column) ? 'different' : 'same'}">
                ${index === 0 ? html`<th rowspan="${redshift.columns.length}">${pair.key}</th>` : ''}
                <td class="small">${column}</td>
                ${cell(pair.dynamodb, column)} ${cell(pair.redshift, column)}
              </tr>`,
          )}
        </tbody>`,
    )}
    ${andMore(pairs.length)}
  </table>`;
}

function oneTarget({ columns, rows, problem }: TargetContent): Html {
  if (problem !== undefined) return html`<p>${problem}</p>`;
  if (rows.length === 0) return html`<p>No rows.</p>`;
  return html`<table>
    <thead>
      <tr>
        ${columns.map(column => html`<th>${column}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.slice(0, MOST_ROWS).map(
        row =>
          html`<tr>
            ${columns.map(column => cell(row, column))}
          </tr>`,
      )}
    </tbody>
    ${andMore(rows.length)}
  </table>`;
}

function cell(row: Row | undefined, column: string): Html {
  if (!row) return html`<td class="none">no such row</td>`;
  const value = row[column];
  return value === null ? html`<td class="none">null</td>` : html`<td>${value}</td>`;
}

function andMore(count: number): Html | string {
  if (count <= MOST_ROWS) return '';
  return html`<caption>
    The first ${MOST_ROWS} of ${count}. A report as JSON has all of them.
  </caption>`;
}

function otherResults(results: unknown[][]): Html {
  return lines(results.map(([runId, stepId, result]) => `${stepId} in run ${runId}: ${JSON.stringify(result)}`));
}

function lines(text: string[]): Html {
  return html`<pre>${text.join('\n')}</pre>`;
}
