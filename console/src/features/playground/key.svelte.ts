/**
 * The user key of the playground: calls from here take the same way as every client's. Kept in this page only; a user of
 * its own, made when it is first needed, whose key is renewed with each page.
 */
import { ask } from '../../api/client';
import type { Keyed, Page, User } from '../../api/shapes';
import { changed } from '../../lib/resource.svelte';

const NAME = 'Console playground';

class UserKey {
  value = $state('');

  async get(): Promise<string> {
    if (this.value) return this.value;
    let known: User | undefined;
    let after: string | null = null;
    do {
      const page: Page<User> = await ask(`admin/users?limit=1000${after ? `&after=${after}` : ''}`);
      known = page.data.find((user) => user.name === NAME);
      after = page.next;
    } while (!known && after);
    const keyed = known
      ? await ask<Keyed>(`admin/users/${known.id}/rotate`, { method: 'POST' })
      : await ask<Keyed>('admin/users', { method: 'POST', body: { name: NAME, priority: 'low' } });
    changed('users');
    return (this.value = keyed.key);
  }
}

export const userKey = new UserKey();
