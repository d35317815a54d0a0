/** Speaks to the admin API of the gateway that served this page. */

/** What went wrong, in the gateway's words. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly problems: readonly { field?: string | null; pointer?: string; reason: string; way_out?: string }[] = [],
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
  /** The gateway could not be reached at all. */
  get offline(): boolean {
    return this.status === 0;
  }
}

let csrf: string | null = null;
let lost: () => void = () => undefined;
let reached: (online: boolean) => void = () => undefined;

export const setCsrf = (value: string | null): void => void (csrf = value);
export const onLost = (then: () => void): void => void (lost = then);
export const onReach = (then: (online: boolean) => void): void => void (reached = then);

/** An address of the gateway, under whatever prefix it is mounted. */
export const address = (path: string): string => new URL(path, document.baseURI.split('#')[0]).href;

export interface Asked {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** A refusal is the answer here: do not ask for a new login. */
  quiet?: boolean;
}

/** Asks the gateway; gives the whole answer. */
export async function raw(path: string, { method = 'GET', body, headers = {}, signal, quiet = false }: Asked = {}): Promise<Response> {
  const sent: Record<string, string> = { ...headers };
  if (body !== undefined) sent['content-type'] = 'application/json';
  if (method !== 'GET' && csrf) sent['x-pollux-csrf'] = csrf;
  let response: Response;
  try {
    response = await fetch(address(path), { method, headers: sent, credentials: 'same-origin', ...(body === undefined ? {} : { body: JSON.stringify(body) }), ...(signal ? { signal } : {}) });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    reached(false);
    throw new Failure(0, '');
  }
  reached(true);
  if (response.ok) return response;
  const failure = await fail(response);
  if (response.status === 401 && !quiet) lost();
  throw failure;
}

/** Asks the gateway; gives what the answer holds. */
export async function ask<T>(path: string, asked: Asked = {}): Promise<T> {
  const response = await raw(path, asked);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function fail(response: Response): Promise<Failure> {
  const text = await response.text().catch(() => '');
  const id = response.headers.get('x-request-id');
  try {
    const said = JSON.parse(text) as { detail?: string; error?: { message?: string }; problems?: [] };
    return new Failure(response.status, said.detail ?? said.error?.message ?? response.statusText, said.problems ?? [], id);
  } catch {
    return new Failure(response.status, text.slice(0, 300) || response.statusText || String(response.status), [], id);
  }
}

/** Every row of a list, page by page, as they come. */
export async function everyRow<T>(path: string, take: (rows: T[]) => void, signal?: AbortSignal): Promise<void> {
  let after: string | null = null;
  do {
    const query: string = `${path.includes('?') ? '&' : '?'}limit=1000${after ? `&after=${encodeURIComponent(after)}` : ''}`;
    const page: { data: T[]; next: string | null } = await ask(`${path}${query}`, signal ? { signal } : {});
    take(page.data);
    after = page.next;
  } while (after);
}
