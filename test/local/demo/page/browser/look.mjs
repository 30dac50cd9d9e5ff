// Opens a page in a headless Chromium, and prints as JSON what is to be seen there.
//   node look.mjs PAGE.html SCREENSHOT.png light|dark
import { pathToFileURL } from 'node:url';
import chromium from '@sparticuz/chromium';
import puppeteer from 'puppeteer-core';

const [page, screenshot, colorScheme] = process.argv.slice(2);
const browser = await puppeteer.launch({
  args: chromium.args,
  executablePath: process.env.CHROME_PATH || (await chromium.executablePath()),
  headless: 'shell',
});
try {
  const tab = await browser.newPage();
  const requests = [];
  const complaints = [];
  tab.on('request', request => requests.push(request.url()));
  tab.on('console', message => complaints.push(message.text()));
  tab.on('pageerror', error => complaints.push(String(error)));
  await tab.setViewport({ width: 1400, height: 900 });
  await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: colorScheme }]);
  await tab.goto(pathToFileURL(page).href);
  const seen = await tab.evaluate(() => {
    const texts = selector => [...document.querySelectorAll(selector)].map(element => element.textContent.trim());
    // of SVG: what is drawn beyond the picture's edge is not to be seen
    const outside = [...document.querySelectorAll('svg rect, svg text')].filter(element => {
      const [box, edge] = [element.getBoundingClientRect(), element.ownerSVGElement.getBoundingClientRect()];
      return (
        box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1 || box.bottom > edge.bottom + 1
      );
    });
    const tooWide = [...document.querySelectorAll('.box')].filter(box => {
      const edge = box.querySelector('rect').getBoundingClientRect();
      return [...box.querySelectorAll('text')].some(text => text.getBoundingClientRect().right > edge.right);
    });
    const widths = selector =>
      [...document.querySelectorAll(selector)].map(element => element.getBoundingClientRect().width);
    return {
      title: document.title,
      headings: texts('h2'),
      verdict: texts('.verdict')[0],
      boxes: texts('.box .title'),
      runBars: widths('.run rect'),
      stepBars: widths('.step rect'),
      cells: texts('td'),
      different: texts('.different td.small'),
      outside: outside.map(element => element.outerHTML),
      tooWide: tooWide.map(element => element.textContent),
      images: document.images.length,
      background: getComputedStyle(document.body).backgroundColor,
    };
  });
  await tab.screenshot({ path: screenshot, fullPage: true });
  process.stdout.write(JSON.stringify({ ...seen, requests, complaints }));
} finally {
  await browser.close();
}
