/** Every page: where it is, in which group of the menu, and by which key one gets there after `g`. */
import type { Component } from 'svelte';
import type { Dictionary } from './i18n/en';

export interface PageEntry {
  name: keyof Dictionary['nav'];
  group: keyof Dictionary['groups'];
  key: string;
  load: () => Promise<{ default: Component }>;
}

export const pages: PageEntry[] = [
  { name: 'overview', group: 'now', key: 'o', load: () => import('./features/overview/Overview.svelte') },
  { name: 'requests', group: 'now', key: 'r', load: () => import('./features/requests/Requests.svelte') },
  { name: 'playground', group: 'now', key: 'p', load: () => import('./features/playground/Playground.svelte') },
  { name: 'keys', group: 'pool', key: 'k', load: () => import('./features/keys/Keys.svelte') },
  { name: 'projects', group: 'pool', key: 'j', load: () => import('./features/projects/Projects.svelte') },
  { name: 'models', group: 'pool', key: 'm', load: () => import('./features/models/Models.svelte') },
  { name: 'users', group: 'people', key: 'u', load: () => import('./features/users/Users.svelte') },
  { name: 'operators', group: 'people', key: 'w', load: () => import('./features/operators/Operators.svelte') },
  { name: 'settings', group: 'house', key: 's', load: () => import('./features/settings/Settings.svelte') },
  { name: 'alerts', group: 'house', key: 'l', load: () => import('./features/alerts/Alerts.svelte') },
  { name: 'backups', group: 'house', key: 'b', load: () => import('./features/backups/Backups.svelte') },
  { name: 'audit', group: 'house', key: 'a', load: () => import('./features/audit/Audit.svelte') },
  { name: 'about', group: 'house', key: 'i', load: () => import('./features/about/About.svelte') },
];
