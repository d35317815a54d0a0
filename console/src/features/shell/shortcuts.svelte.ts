/** What the keyboard does everywhere: `g` and a letter to go, `/` to search, `?` for help. */
import { router } from '../../lib/router.svelte';
import { pages } from '../../pages';

class Shortcuts {
  help = $state(false);
  #going = false;

  press(event: KeyboardEvent): void {
    const at = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || at.closest('input, textarea, select, [contenteditable], dialog')) return;
    if (this.#going) {
      this.#going = false;
      const page = pages.find((page) => page.key === event.key);
      if (page) router.go([page.name]);
      return;
    }
    if (event.key === 'g') {
      this.#going = true;
      setTimeout(() => (this.#going = false), 1500);
    } else if (event.key === '?') this.help = true;
    else if (event.key === '/') {
      const search = document.querySelector<HTMLInputElement>('main input[type="search"]');
      if (search) {
        event.preventDefault();
        search.focus();
      }
    }
  }
}

export const shortcuts = new Shortcuts();
