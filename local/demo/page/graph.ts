import { html, type Html } from './html';
import type { DeployedPipeline } from '../deployed';
import type { RunReport } from '../report';
import { titleOf } from '../targets';

const BOX = { width: 236, height: 106, gap: 36 };

interface Box {
  readonly x: number;
  readonly y: number;
  readonly title: string;
  readonly lines: string[];
  readonly isDone: boolean;
}

/** The pipeline from left to right, each part with what it did. */
export function graph(app: DeployedPipeline, { files, runs }: RunReport, bytes: number): Html {
  const rows = Math.max(1, app.steps.length);
  const middle = ((rows - 1) * (BOX.height + 18)) / 2;
  const at = (column: number, y: number): Pick<Box, 'x' | 'y'> => ({ x: 2 + column * (BOX.width + BOX.gap), y: y + 2 });
  const having = (status: string) => files.filter(file => file.status === status).length;
  const others = files.length - having('LOADED') - having('REJECTED');
  const before: Box[] = [
    {
      ...at(0, middle),
      title: 'Landing bucket',
      lines: [`${files.length} files, ${bytes.toLocaleString('en-US')} bytes`, app.prefix || 'any key'],
      isDone: files.length > 0,
    },
    {
      ...at(1, middle),
      title: 'File ledger',
      lines: [`${having('LOADED')} loaded, ${having('REJECTED')} rejected`, others > 0 ? `${others} others` : ''],
      isDone: files.length > 0 && others === 0,
    },
    {
      ...at(2, middle),
      title: 'Runs',
      lines: [`${runs.length} runs`, `${runs.filter(run => run.status === 'SUCCEEDED').length} succeeded`],
      isDone: runs.length > 0 && runs.every(run => run.status === 'SUCCEEDED'),
    },
  ];
  const steps = app.steps.map(({ stepId, target }, index) => {
    const y = index * (BOX.height + 18);
    const box: Box = { ...at(3, y), title: stepId, ...whatStepDid(stepId, runs) };
    const into: Box | undefined = target && {
      ...at(4, y),
      title: target.engine,
      lines: [titleOf({ target }).slice(target.engine.length + 1)],
      isDone: box.isDone,
    };
    return { box, into };
  });
  const width = 5 * BOX.width + 4 * BOX.gap + 4;
  const height = rows * (BOX.height + 18);
  const arrows = [
    arrow(before[0], before[1]),
    arrow(before[1], before[2]),
    ...steps.flatMap(({ box, into }) => [arrow(before[2], box), ...(into ? [arrow(box, into)] : [])]),
  ];
  const boxes = [...before, ...steps.flatMap(({ box, into }) => (into ? [box, into] : [box]))];
  return html`<svg class="graph" viewBox="0 0 ${width} ${height}" role="img" aria-label="The pipeline">
    <defs>
      <marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">
        <path d="M0 0 8 4 0 8z" />
      </marker>
    </defs>
    ${arrows} ${boxes.map(drawn)}
  </svg>`;
}

function whatStepDid(stepId: string, runs: RunReport['runs']): Pick<Box, 'lines' | 'isDone'> {
  const counted = runs.flatMap(run => (run.steps[stepId] ? [run.steps[stepId]] : []));
  const others = runs.filter(run => stepId in run.otherResults).length;
  if (counted.length === 0) {
    return others > 0
      ? { lines: [`done in ${others} runs`, 'its results are below'], isDone: true }
      : { lines: ['has not finished'], isDone: false };
  }
  const sum = (name: 'rowsRead' | 'rowsWritten' | 'rowsRejected' | 'duplicatesDropped') =>
    counted.reduce((total, step) => total + step[name], 0).toLocaleString('en-US');
  return {
    lines: [
      `${sum('rowsRead')} rows read`,
      `${sum('rowsWritten')} written, ${sum('rowsRejected')} rejected`,
      `${sum('duplicatesDropped')} duplicates dropped`,
    ],
    isDone: true,
  };
}

function arrow(from: Box, to: Box): Html {
  const [x1, y1] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [x2, y2] = [to.x, to.y + BOX.height / 2];
  const bend = (x1 + x2) / 2;
  return html`<path class="arrow" d="M${x1} ${y1}C${bend} ${y1} ${bend} ${y2} ${x2} ${y2}" marker-end="url(#head)" />`;
}

function drawn({ x, y, title, lines, isDone }: Box): Html {
  return html`<g class="${isDone ? 'box done' : 'box'}" transform="translate(${x} ${y})">
    <title>${[title, ...lines].join('\n')}</title>
    <rect width="${BOX.width}" height="${BOX.height}" rx="6" />
    <text class="title" x="12" y="26">${title}</text>
    ${lines.map((line, index) => html`<text x="12" y="${50 + index * 20}">${fit(line)}</text>`)}
  </g>`;
}

/** As many characters as a box is wide. */
function fit(text: string): string {
  return text.length > 27 ? `${text.slice(0, 26)}…` : text;
}
