import { readFileSync, writeFileSync } from 'fs';

async function draw(): Promise<void> {
  const { instance } = await import('@viz-js/viz');
  const svg = (await instance()).renderString(readFileSync('docs/pipeline.dot', 'utf8'), { format: 'svg' });
  writeFileSync('docs/pipeline.svg', svg);
}

void draw();
