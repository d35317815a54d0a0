/** Something that is loaded, shown while it is loaded again, and loaded again when it changed elsewhere. */
import { ask, Failure } from '../api/client';
import { live } from './live.svelte';
import { hear, tell } from './tabs';

export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<Failure | null>(null);
  loading = $state(false);
  #turn = 0;

  constructor(private readonly path: () => string) {}

  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const data = await ask<T>(this.path());
      if (turn !== this.#turn) return;
      this.data = data;
      this.error = null;
    } catch (error) {
      if (turn === this.#turn) this.error = error instanceof Failure ? error : new Failure(0, String(error));
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }
}

/** A resource for the life of a component: loads when its path changes, on news of `what`, and when one comes back. */
export function resource<T>(path: () => string, ...what: string[]): Resource<T> {
  const made = new Resource<T>(path);
  $effect(() => {
    path();
    void made.load();
  });
  $effect(() => hear((news) => {
    if (news.kind === 'changed' && what.includes(news.what)) void made.load();
  }));
  $effect(() => live.on(what, () => void made.load()));
  return made;
}

/** Says to the other tabs and to what is on this page that something has changed. */
export function changed(what: string): void {
  tell({ kind: 'changed', what });
  live.say(what);
}
