/** Short words at the foot of the page, and questions before something is destroyed. */
import { Failure } from '../api/client';
import { look } from './look.svelte';

export interface Toast {
  id: number;
  text: string;
  bad: boolean;
  undo?: (() => void) | undefined;
}
export interface Question {
  title: string;
  text: string;
  act: string;
  /** What must be typed first. */
  type?: string | undefined;
  answer: (yes: boolean) => void;
}

class Dialogs {
  toasts = $state<Toast[]>([]);
  question = $state.raw<Question | null>(null);
  /** The dialogs that are open; what lies under the last one cannot be pressed. */
  open = $state.raw<readonly symbol[]>([]);
  #next = 0;

  toast(text: string, { bad = false, undo }: { bad?: boolean; undo?: () => void } = {}): void {
    const id = ++this.#next;
    this.toasts = [...this.toasts.slice(-3), { id, text, bad, undo }];
    setTimeout(() => this.drop(id), undo || bad ? 10_000 : 4_000);
  }
  drop(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  /** Asks; with `type`, only who types that may go on. */
  ask(question: Omit<Question, 'answer'>): Promise<boolean> {
    return new Promise((resolve) => {
      this.question = { ...question, answer: (yes) => { this.question = null; resolve(yes); } };
    });
  }
}

export const dialogs = new Dialogs();

/** Does something; says what went wrong if it does. */
export async function attempt<T>(deed: () => Promise<T>, done?: string): Promise<T | undefined> {
  try {
    const result = await deed();
    if (done) dialogs.toast(done);
    return result;
  } catch (error) {
    dialogs.toast(words(error), { bad: true });
    return undefined;
  }
}

/** An error in words. */
export function words(error: unknown): string {
  if (error instanceof Failure) return error.offline ? look.t.failure.offline : error.message;
  return error instanceof Error ? error.message : String(error);
}
