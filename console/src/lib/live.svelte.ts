/**
 * The one channel on which the gateway tells what happens. What stands in it only says that something changed: who shows
 * it loads it again. Where the channel is not there, what is shown is looked at again every few seconds instead.
 */
import { address } from '../api/client';

type Listener = (event: LiveEvent) => void;
export interface LiveEvent {
  kind: string;
  data: unknown;
}

const LOOK_AGAIN_MS = 5000;
const SOON_MS = 400;

class Live {
  /** `open` while events arrive, `looking` while we ask instead. */
  state = $state<'closed' | 'open' | 'looking'>('closed');
  #source: EventSource | null = null;
  #listeners = new Map<string, Set<Listener>>();
  #waiting = new Set<string>();
  #timer: ReturnType<typeof setInterval> | undefined;

  on(kinds: string[], listener: Listener): () => void {
    for (const kind of kinds) {
      if (!this.#listeners.has(kind)) this.#listeners.set(kind, new Set());
      this.#listeners.get(kind)?.add(listener);
    }
    return () => kinds.forEach((kind) => this.#listeners.get(kind)?.delete(listener));
  }

  say(kind: string, data: unknown = null): void {
    this.#listeners.get(kind)?.forEach((listener) => listener({ kind, data }));
  }

  open(): void {
    if (this.#source || this.#timer) return;
    const source = new EventSource(address('admin/events'));
    this.#source = source;
    source.onopen = () => {
      this.state = 'open';
      this.#rest();
    };
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) this.#source = null;
      this.#look();
    };
    source.onmessage = (event) => this.#take('message', event.data as string);
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.#take(kind, (event as MessageEvent<string>).data));
  }

  close(): void {
    this.#source?.close();
    this.#source = null;
    this.#rest();
    this.state = 'closed';
  }

  #take(kind: string, text: string): void {
    let data: unknown = null;
    try {
      data = JSON.parse(text);
    } catch {
      return;
    }
    this.#soon(kind, data);
  }

  /** However many calls end, what shows them is loaded again at most so often. */
  #soon(kind: string, data: unknown): void {
    if (this.#waiting.has(kind)) return;
    this.#waiting.add(kind);
    setTimeout(() => {
      this.#waiting.delete(kind);
      this.say(kind, data);
      ALSO[kind]?.forEach((other) => this.say(other));
    }, SOON_MS);
  }

  #look(): void {
    this.state = 'looking';
    this.#timer ??= setInterval(() => {
      if (document.visibilityState === 'visible') POLLED.forEach((kind) => this.say(kind));
      if (!this.#source && document.visibilityState === 'visible') this.#again();
    }, LOOK_AGAIN_MS);
  }

  #again(): void {
    this.#rest();
    this.open();
    this.#look();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** What the gateway names its events. */
export const KINDS = ['call', 'pool', 'settings'];
const POLLED = ['pool', 'call', 'stats', 'keys'];
/** What else has changed then. */
const ALSO: Record<string, string[]> = { call: ['stats'], pool: ['keys', 'stats'] };

export const live = new Live();
