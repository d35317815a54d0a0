import { describe, expect, it } from 'vitest';
import type { Key } from '../../api/shapes';
import { matcher, parse } from './filter';

const key = (more: Partial<Key>): Key => ({ id: 'key_1', hint: 'AIza…1234', label: null, project_id: 'project_1', origin: 'admin', enabled: true, state: { name: 'ready', reason: null, since: null, until: null }, created_at: '', ...more });
const found = (text: string, more: Partial<Key>) => matcher(parse(text), () => 'Team A')(key(more));

describe('the filter of keys', () => {
  it('reads fields, lists, negation and quotes', () => {
    expect(parse('state:benched,dead -tag:"old one" free')).toEqual([
      { field: 'state', values: ['benched', 'dead'], not: false },
      { field: 'tag', values: ['old one'], not: true },
      { field: 'any', values: ['free'], not: false },
    ]);
    expect(parse('http://x')).toEqual([{ field: 'any', values: ['http://x'], not: false }]);
    expect(parse('  ')).toEqual([]);
  });
  it('finds what is meant', () => {
    expect(found('state:dead', { state: { name: 'dead', reason: 'leaked', since: null, until: null } })).toBe(true);
    expect(found('state:dead', {})).toBe(false);
    expect(found('-state:dead', {})).toBe(true);
    expect(found('project:"team a"', {})).toBe(true);
    expect(found('1234 admin', {})).toBe(false);
    expect(found('1234 team', {})).toBe(true);
    expect(found('tag:x', { tags: ['x', 'y'] })).toBe(true);
  });
  it('looks through a hundred thousand keys', () => {
    const keys = Array.from({ length: 100_000 }, (_, at) => key({ id: `key_${at}`, hint: `AIza…${at}` }));
    const match = matcher(parse('state:ready …777'), () => '');
    expect(keys.filter(match).length).toBe(111);
  });
});
