// Runs every scenario against a real `pollux demo` in Debian's Chromium. `node e2e/run.mjs [words of a name]` runs some.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { scenarios } from './scenarios.mjs';
import { Stage } from './stage.mjs';

const root = new URL('../../', import.meta.url).pathname;
const binary = process.env.POLLUX ?? `${process.env.CARGO_TARGET_DIR ?? `${root}target`}/debug/pollux`;
const shots = `${root}target/console-shots`;
mkdirSync(shots, { recursive: true });

const demo = spawn(binary, ['demo', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const told = await new Promise((resolve, reject) => {
  let text = '';
  demo.stdout.on('data', (piece) => {
    text += piece;
    const base = /listening on (\S+)/.exec(text)?.[1];
    if (base) resolve({ base: `${base}/`, token: /Admin token\s+(\S+)/.exec(text)[1], userKey: /User key\s+(\S+)/.exec(text)[1] });
  });
  demo.once('exit', (code) => reject(new Error(`pollux demo ended with ${code}: ${text}`)));
});

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const stage = new Stage(browser, told, shots);
const wanted = process.argv.slice(2).join(' ');
let failed = 0;
try {
  for (const [name, play] of Object.entries(scenarios)) {
    // The first one claims the console, which all others need.
    if (wanted && !name.includes(wanted) && !name.startsWith('first run')) continue;
    const begun = performance.now();
    try {
      await play(stage);
      stage.complain();
      console.log(`ok    ${name} (${Math.round(performance.now() - begun)} ms)`);
    } catch (error) {
      failed += 1;
      console.error(`FAIL  ${name}\n${error.stack}`);
      await stage.page?.screenshot({ path: `${shots}/failed-${failed}.png` }).catch(() => undefined);
    }
    await stage.leave();
  }
} finally {
  await browser.close();
  demo.removeAllListeners('exit');
  demo.kill('SIGTERM');
}
console.log(failed ? `${failed} failed` : `all went well; pictures are in ${shots}`);
process.exitCode = failed ? 1 : 0;
