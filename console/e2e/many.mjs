// How the page of keys fares with very many of them: `npm run many -- 100000`. Prints figures and judges none but blank rows.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const MANY = Number(process.argv[2] ?? 100_000);
const root = new URL('../../', import.meta.url).pathname;
const binary = process.env.POLLUX ?? `${process.env.CARGO_TARGET_DIR ?? `${root}target`}/debug/pollux`;
const folder = mkdtempSync(join(tmpdir(), 'pollux-many-'));
const token = 'admin-token-of-many-keys';
// Nothing answers at port 9: no key is ever tried.
const gateway = spawn(binary, ['serve'], { env: { POLLUX_LISTEN: '127.0.0.1:0', POLLUX_DATA_DIR: folder, POLLUX_ADMIN_TOKEN: token, POLLUX_UPSTREAM_URL: 'http://127.0.0.1:9' }, stdio: ['ignore', 'pipe', 'ignore'] });
const base = await new Promise((resolve) => gateway.stdout.on('data', (piece) => { const found = /listening on (\S+)/.exec(piece)?.[1]; if (found) resolve(`${found}/`); }));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const figures = { keys: MANY };
try {
  let began = performance.now();
  const keys = Array.from({ length: MANY }, (_, at) => `project-${at % 1000}=AIzaSy${String(at).padStart(33, 'x')}`);
  for (let at = 0; at < MANY; at += 50_000) {
    const response = await fetch(`${base}admin/keys`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ key: keys.slice(at, at + 50_000).join('\n') }) });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }
  figures.import_ms = Math.round(performance.now() - began);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' });
  await page.request.post(`${base}admin/session`, { data: { token } });
  await page.goto(`${base}#/about`);
  await page.locator('main h1').waitFor();
  began = performance.now();
  await page.evaluate(() => { location.hash = '#/keys'; });
  await page.locator('.shown .line').first().waitFor();
  figures.first_row_ms = Math.round(performance.now() - began);
  await page.getByText(`of ${MANY.toLocaleString('en-GB')}`, { exact: false }).waitFor({ timeout: 120_000 });
  figures.all_rows_ms = Math.round(performance.now() - began);
  // To fifty places of the list; at each, the row in the middle of what is seen has to be there in the next frame.
  figures.blank = await page.evaluate(async (many) => {
    const rows = document.querySelector('.rows');
    let blank = 0;
    for (let step = 1; step <= 50; step += 1) {
      rows.scrollTop = (many * 40 * step) / 51;
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const box = rows.getBoundingClientRect();
      if (!document.elementFromPoint(box.left + 40, box.top + box.height / 2)?.closest('.line')) blank += 1;
    }
    return blank;
  }, MANY);
  figures.filter_ms = await page.evaluate(async () => {
    const input = document.querySelector('[data-testid="filter"]');
    const began = performance.now();
    input.value = 'project:project-77 9';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return Math.round(performance.now() - began);
  });
  figures.heap_mib = Math.round((await page.evaluate(() => performance.memory?.usedJSHeapSize ?? 0)) / 1048576);
  console.log(JSON.stringify(figures));
  if (figures.blank) throw new Error('blank rows while scrolling');
} finally {
  await browser.close();
  gateway.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
