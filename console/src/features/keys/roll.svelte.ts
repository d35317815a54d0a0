/** All keys, as many as there are: the first page shows at once, the rest comes while one reads. */
import { ask, everyRow, Failure } from '../../api/client';
import type { Bulked, Key, Project } from '../../api/shapes';

class Roll {
  keys = $state.raw<Key[]>([]);
  projects = $state.raw<Map<string, Project>>(new Map());
  loading = $state(true);
  known = $state(false);
  error = $state.raw<Failure | null>(null);
  #abort: AbortController | null = null;

  label = (id: string): string => this.projects.get(id)?.label ?? id;

  async load(): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
    const keys: Key[] = [];
    const projects = new Map<string, Project>();
    try {
      const others = everyRow<Project>('admin/projects', (rows) => rows.forEach((row) => projects.set(row.id, row)), abort.signal).then(() => (this.projects = projects));
      const first = !this.known;
      const own = everyRow<Key>('admin/keys', (rows) => {
        for (const row of rows) keys.push(row);
        // What is shown already is not taken away while it is loaded again.
        if (first) this.keys = keys.slice();
        this.known ||= first;
      }, abort.signal);
      await Promise.all([own, others]);
      this.keys = keys;
      this.known = true;
      this.error = null;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.error = error instanceof Failure ? error : new Failure(0, String(error));
    }
    if (this.#abort === abort) this.loading = false;
  }

  /** Takes over what an answer says of one key. */
  put(key: Key): void {
    this.keys = this.keys.map((one) => (one.id === key.id ? key : one));
  }
  drop(ids: ReadonlySet<string>): void {
    this.keys = this.keys.filter((key) => !ids.has(key.id));
  }
}

export const roll = new Roll();

/** Does something to each of many, eight at a time; says how far it is. */
export async function each(ids: readonly string[], deed: (id: string) => Promise<void>, progress: (done: number, failed: number) => void, stopped: () => boolean): Promise<number> {
  let next = 0, done = 0, failed = 0;
  const work = async () => {
    while (next < ids.length && !stopped()) {
      const id = ids[next++];
      if (id === undefined) return;
      try { await deed(id); } catch { failed++; }
      progress(++done, failed);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return failed;
}

export interface Progress { at: number; failed: number }

/** Does one thing to many keys, some at a time; says how far it is and what failed for which. */
export async function bulk(action: string, ids: readonly string[], more: Record<string, unknown>, progress: (at: Progress) => void, stopped: () => boolean): Promise<{ failed: number; errors: string[] }> {
  const AT_ONCE = action === 'test' ? 16 : 500;
  let failed = 0;
  const errors = new Set<string>();
  for (let from = 0; from < ids.length && !stopped(); from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const answer = await ask<Bulked>('admin/keys/bulk', { method: 'POST', body: { action, ids: some, ...more } });
    failed += answer.failed;
    for (const one of answer.results) if (one.error) errors.add(one.error);
    progress({ at: from + some.length, failed });
  }
  return { failed, errors: [...errors] };
}

export const act = {
  check: (id: string) => ask<{ works: boolean; finding: string; message: string | null; key: Key }>(`admin/keys/${id}/check`, { method: 'POST' }),
  enable: (id: string) => ask<Key>(`admin/keys/${id}/enable`, { method: 'POST' }),
  disable: (id: string) => ask<Key>(`admin/keys/${id}/disable`, { method: 'POST' }),
  remove: (id: string) => ask<void>(`admin/keys/${id}`, { method: 'DELETE' }),
  say: (id: string, said: { label?: string | null; note?: string | null; tags?: string[] }) => ask<Key>(`admin/keys/${id}`, { method: 'PATCH', body: said }),
  reset: (id: string) => ask<Bulked>('admin/keys/bulk', { method: 'POST', body: { action: 'reset', ids: [id] } }),
  move: (id: string, project: string) => ask<Key>(`admin/keys/${id}/move`, { method: 'POST', body: { project } }),
};
