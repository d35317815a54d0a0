/** The words of the filter: `state:benched,dead project:team-a tag:x origin:environment -label:old free words`. */
import type { Key } from '../../api/shapes';

export interface Term { field: string; values: string[]; not: boolean }
export const FIELDS = ['state', 'project', 'tag', 'label', 'note', 'origin', 'reason', 'id'] as const;

export function parse(text: string): Term[] {
  const pieces = text.match(/-?(?:[a-z]+:)?(?:"[^"]*"|\S+)/giu) ?? [];
  return pieces.map((piece) => {
    const not = piece.startsWith('-') && piece.length > 1;
    const body = not ? piece.slice(1) : piece;
    const [, named, rest] = /^([a-z]+):(.*)$/iu.exec(body) ?? [];
    const known = named && (FIELDS as readonly string[]).includes(named.toLowerCase());
    const value = (known ? (rest ?? '') : body).replaceAll('"', '').toLowerCase();
    return { field: known ? named.toLowerCase() : 'any', values: value.split(known ? ',' : '\n').filter(Boolean), not };
  }).filter((term) => term.values.length > 0);
}

/** Whether a key is meant; `project` gives the label of a project. */
export function matcher(terms: readonly Term[], project: (id: string) => string): (key: Key) => boolean {
  const texts: Record<string, (key: Key) => string> = {
    state: (key) => key.state.name,
    project: (key) => `${project(key.project_id)} ${key.project_id}`,
    tag: (key) => (key.tags ?? []).join(' '),
    label: (key) => key.label ?? '',
    note: (key) => key.note ?? '',
    origin: (key) => key.origin,
    reason: (key) => key.state.reason ?? '',
    id: (key) => key.id,
    any: (key) => `${key.hint} ${key.label ?? ''} ${key.id} ${project(key.project_id)} ${(key.tags ?? []).join(' ')} ${key.note ?? ''}`,
  };
  return (key) => terms.every(({ field, values, not }) => {
    const text = (texts[field] ?? texts.any)?.(key).toLowerCase() ?? '';
    return values.some((value) => text.includes(value)) !== not;
  });
}
