// Writes src/api/schema.ts: what the gateway's OpenAPI document says of its answers. `--check` only looks whether it is still so.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const page = new URL('../src/api/schema.ts', import.meta.url);
const document = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));
const { openapi, info, components } = document;
const types = astToString(await openapiTS({ openapi, info, paths: {}, components: { schemas: components.schemas } }));
const now = `// Made of docs/openapi.json by \`npm run types\`.\n${types}`;

if (process.argv.includes('--check')) {
  if (readFileSync(page, 'utf8') !== now) {
    console.error('src/api/schema.ts is not what docs/openapi.json says; `npm run types` writes it anew');
    process.exitCode = 1;
  }
} else writeFileSync(page, now);
