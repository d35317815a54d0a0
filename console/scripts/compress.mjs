// Puts a .br and a .gz beside each built file, and says how much a first visit loads. Fails above the budget.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url).pathname;
const BUDGET = 200 * 1024;

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else if (!/\.(br|gz)$/.test(name)) yield path;
  }
}

const sizes = new Map();
for (const path of files(DIST)) {
  const plain = readFileSync(path);
  const gzip = gzipSync(plain, { level: 9 });
  sizes.set(path.slice(DIST.length), gzip.length);
  if (!/\.(html|js|css|svg)$/.test(path)) continue;
  writeFileSync(`${path}.gz`, gzip);
  writeFileSync(`${path}.br`, brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}

// What index.html names is what a first visit loads; the rest comes with the page that needs it.
const html = readFileSync(join(DIST, 'index.html'), 'utf8');
const named = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map((found) => found[1]);
const first = ['index.html', ...named].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
const all = [...sizes.values()].reduce((sum, size) => sum + size, 0);
const kB = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
console.log(`first load ${kB(first)} gzip of at most ${kB(BUDGET)}; everything ${kB(all)} gzip in ${sizes.size} files`);
if (first > BUDGET) {
  console.error('The first load is over its budget: load more with the pages that need it.');
  process.exit(1);
}
