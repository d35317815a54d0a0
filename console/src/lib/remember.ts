/** What a browser remembers for us. Where storage is closed (private windows), it is forgotten with the page. */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`pollux.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`pollux.${name}`);
    else localStorage.setItem(`pollux.${name}`, value);
  } catch {
    // Nothing depends on it.
  }
}
