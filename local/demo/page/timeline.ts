import { html, type Html } from './html';
import type { ExecutionRecord } from '../watch/execution-changes';

const LABELS = 300;
const BARS = 860;
const LINE = 26;

/** Executions and the steps in them, as bars over the seconds since the first began. */
export function timeline(records: ExecutionRecord[], now: number): Html {
  if (records.length === 0) return html`<p>No run has begun.</p>`;
  const first = Math.min(...records.map(({ began }) => began));
  const last = Math.max(...records.map(({ ended }) => ended ?? now), first + 1000);
  const x = (time: number) => LABELS + ((time - first) / (last - first)) * BARS;
  const bars = records.flatMap(({ name, began, ended, status, steps }) => [
    { label: name, kind: `run ${status}`, began, ended, note: status },
    ...steps.map(step => ({
      label: step.stepId,
      kind: 'step',
      began: step.began,
      // a step without an end is one that failed, or goes on
      ended: step.ended ?? ended,
      note: step.ended !== undefined ? 'done' : ended !== undefined ? 'failed' : 'goes on',
    })),
  ]);
  const height = bars.length * LINE + 30;
  return html`<svg class="timeline" viewBox="0 0 ${LABELS + BARS + 40} ${height}" role="img" aria-label="Timeline">
    ${ticks(last - first).map(
      seconds =>
        html`<g class="tick" transform="translate(${x(first + seconds * 1000)} 0)">
          <line y2="${height - 20}" />
          <text y="${height - 4}">${seconds} s</text>
        </g>`,
    )}
    ${bars.map(({ label, kind, began, ended, note }, index) => {
      const seconds = (((ended ?? now) - began) / 1000).toFixed(1);
      return html`<g class="bar ${kind}" transform="translate(0 ${index * LINE})">
        <title>${label}: ${note}, ${seconds} s</title>
        <text x="${kind === 'step' ? 24 : 0}" y="17">${label}</text>
        <rect x="${x(began)}" y="4" width="${Math.max(2, x(ended ?? now) - x(began))}" height="${LINE - 8}" rx="3" />
        <text x="${Math.min(x(began) + 6, LABELS + BARS - 60)}" y="17">${seconds} s</text>
      </g>`;
    })}
  </svg>`;
}

/** At most a dozen, at round numbers of seconds. */
function ticks(milliseconds: number): number[] {
  const seconds = milliseconds / 1000;
  const apart = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800].find(step => seconds / step <= 12) ?? 3600;
  return Array.from({ length: Math.floor(seconds / apart) + 1 }, (_, index) => index * apart);
}
