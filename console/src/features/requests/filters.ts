/** The filters of calls, as they stand in the address. */
export const FILTERS = ['user', 'model', 'outcome', 'project', 'key', 'from', 'until'] as const;

export function query(asked: URLSearchParams): string {
  return FILTERS.flatMap((name) => {
    const value = asked.get(name);
    if (!value) return [];
    const sent = name === 'from' || name === 'until' ? new Date(value).toISOString() : value;
    return [`&${name}=${encodeURIComponent(sent)}`];
  }).join('');
}
