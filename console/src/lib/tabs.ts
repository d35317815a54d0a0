/** Keeps the tabs of one browser in step: what one changes, the others load again. */
export type News =
  | { kind: 'changed'; what: string }
  | { kind: 'session' }
  | { kind: 'look'; language: 'en' | 'zh'; theme: 'system' | 'light' | 'dark'; zone: 'local' | 'pacific' };

type Listener = (news: News) => void;

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('pollux');
const listeners = new Set<Listener>();

channel?.addEventListener('message', (event: MessageEvent<News>) => listeners.forEach((tell) => tell(event.data)));

/** Tells the other tabs. */
export function tell(news: News): void {
  channel?.postMessage(news);
}

/** Hears what other tabs tell, until the returned function is called. */
export function hear(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
