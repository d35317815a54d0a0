// Makes generated/schema.ts out of what the gateway's OpenAPI document says of its answers. It is made anew for each check, so it
// cannot be out of date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const { openapi, info, components } = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));
const types = await openapiTS({ openapi, info, paths: {}, components: { schemas: components.schemas } });
mkdirSync(new URL('../generated', import.meta.url), { recursive: true });
writeFileSync(new URL('../generated/schema.ts', import.meta.url), astToString(types));
