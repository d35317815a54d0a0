/** Who is logged in. */
import { ask, Failure, onLost, onReach, setCsrf } from '../api/client';
import type { Myself, Setup } from '../api/shapes';
import { hear, tell } from './tabs';

export type Stage = 'looking' | 'setup' | 'login' | 'in' | 'unreachable';

class Session {
  stage = $state<Stage>('looking');
  me = $state.raw<Myself | null>(null);
  /** The session ended while the page was in use: the page stays, and asks who it is. */
  expired = $state(false);
  online = $state(true);

  get mayChange(): boolean {
    return this.me?.role === 'admin';
  }

  async start(): Promise<void> {
    try {
      const setup = await ask<Setup>('admin/setup');
      const me = await ask<Myself>('admin/session', { quiet: true }).catch((error: unknown) => {
        if (error instanceof Failure && (error.status === 401 || error.status === 403)) return null;
        throw error;
      });
      if (me) this.enter(me);
      else this.stage = setup.claimed ? 'login' : 'setup';
    } catch {
      this.stage = 'unreachable';
    }
  }

  enter(me: Myself): void {
    const other = this.me !== null && this.me.id !== me.id;
    setCsrf(me.csrf);
    this.me = me;
    this.expired = false;
    this.stage = 'in';
    // What one operator had on the screen is not for the next one.
    if (other) location.reload();
  }

  async login(credentials: { name: string; password: string } | { token: string }): Promise<void> {
    this.enter(await ask<Myself>('admin/session', { method: 'POST', body: credentials, quiet: true }));
    tell({ kind: 'session' });
  }

  async leave(): Promise<void> {
    await ask('admin/session', { method: 'DELETE', quiet: true }).catch(() => undefined);
    this.forget();
    tell({ kind: 'session' });
  }

  forget(): void {
    setCsrf(null);
    this.me = null;
    this.expired = false;
    this.stage = 'login';
  }
}

export const session = new Session();

onLost(() => {
  if (session.stage === 'in') session.expired = true;
});
onReach((online) => (session.online = online));
addEventListener('offline', () => (session.online = false));
addEventListener('online', () => (session.online = true));
hear((news) => {
  if (news.kind !== 'session') return;
  void ask<Myself>('admin/session', { quiet: true })
    .then((me) => session.enter(me))
    .catch(() => session.forget());
});
