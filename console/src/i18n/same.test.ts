import { expect, it } from 'vitest';
import { en } from './en';
import { zh } from './zh';

type Tree = Record<string, unknown>;
const paths = (tree: Tree, at = ''): string[] => Object.entries(tree).flatMap(([name, value]) => (value && typeof value === 'object' && !Array.isArray(value) ? paths(value as Tree, `${at}${name}.`) : [`${at}${name}:${typeof value}`]));
const texts = (tree: Tree): string[] => Object.values(tree).flatMap((value) => (typeof value === 'string' ? [value] : value && typeof value === 'object' ? texts(value as Tree) : []));

it('says everything in both languages', () => {
  expect(paths(zh as unknown as Tree).sort()).toEqual(paths(en as unknown as Tree).sort());
});

it('leaves nothing unsaid', () => {
  for (const dictionary of [en, zh]) expect(texts(dictionary as unknown as Tree).filter((text) => !text.trim())).toEqual([]);
});
