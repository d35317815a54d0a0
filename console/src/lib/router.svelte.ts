/**
 * Where one is. The place stands behind `#`, so that the console works under any path prefix without the server knowing it;
 * filters stand in its query, so that an address can be shared.
 */
export interface Place {
  path: string[];
  query: URLSearchParams;
}

export function read(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
}

export function write(path: string[], query?: Record<string, string | null | undefined> | URLSearchParams): string {
  const pairs = query instanceof URLSearchParams ? query : new URLSearchParams(Object.entries(query ?? {}).filter((pair): pair is [string, string] => Boolean(pair[1])));
  const text = pairs.toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text ? `?${text}` : ''}`;
}

class Router {
  place = $state.raw<Place>(read(location.hash));

  constructor() {
    addEventListener('hashchange', () => (this.place = read(location.hash)));
  }

  get page(): string {
    return this.place.path[0] ?? 'overview';
  }

  go(path: string[], query?: Record<string, string | null | undefined>): void {
    location.hash = write(path, query);
  }

  /** Changes the query where one is, without a step in the history. */
  filter(changes: Record<string, string | null | undefined>): void {
    const query = new URLSearchParams(this.place.query);
    for (const [name, value] of Object.entries(changes)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    history.replaceState(null, '', write(this.place.path, query));
    this.place = read(location.hash);
  }
}

export const router = new Router();
