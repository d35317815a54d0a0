/** A conversation with a model: sent as any OpenAI client would, read as it comes. */
import { address } from '../../api/client';
import { words } from '../../lib/dialogs.svelte';
import { userKey } from './key.svelte';
import { lines } from './sse';

export interface File { name: string; kind: string; data: string }
export interface Turn { role: 'user' | 'assistant'; text: string; thoughts: string; files: File[]; calls: string; wrong: string; stopped: boolean; ttft: number | null; took: number | null; out: number | null; usage: unknown }
export interface Options { model: string; system: string; effort: string; tools: string; temperature: string }

const turn = (role: Turn['role'], text = '', files: File[] = []): Turn => ({ role, text, files, thoughts: '', calls: '', wrong: '', stopped: false, ttft: null, took: null, out: null, usage: null });
interface Chunk { choices?: { delta?: { content?: string | null; reasoning_content?: string; tool_calls?: unknown[] } }[]; usage?: { completion_tokens?: number } | null; error?: { message?: string } }

export class Talk {
  turns = $state<Turn[]>([]);
  busy = $state(false);
  sent = $state.raw<unknown>(null);
  raw = $state('');
  #abort: AbortController | null = null;

  request(options: Options): Record<string, unknown> {
    const messages: unknown[] = options.system.trim() ? [{ role: 'system', content: options.system }] : [];
    for (const one of this.turns) {
      if (one.role === 'assistant') { if (one.text) messages.push({ role: 'assistant', content: one.text }); continue; }
      const parts = one.files.map((file) => (file.kind.startsWith('image/') ? { type: 'image_url', image_url: { url: file.data } } : { type: 'file', file: { filename: file.name, file_data: file.data } }));
      messages.push({ role: 'user', content: parts.length ? [{ type: 'text', text: one.text }, ...parts] : one.text });
    }
    return {
      model: options.model, stream: true, stream_options: { include_usage: true }, messages,
      ...(options.effort ? { reasoning_effort: options.effort } : {}),
      ...(options.temperature ? { temperature: Number(options.temperature) } : {}),
      ...(options.tools.trim() ? { tools: JSON.parse(options.tools) as unknown } : {}),
    };
  }

  async send(text: string, files: File[], options: Options): Promise<void> {
    this.turns.push(turn('user', text, files));
    let body: Record<string, unknown>;
    try { body = this.request(options); } catch (error) { this.turns.push({ ...turn('assistant'), wrong: words(error) }); return; }
    this.turns.push(turn('assistant'));
    const answer = this.turns.at(-1);
    if (!answer) return;
    this.busy = true;
    this.sent = body;
    this.raw = '';
    const abort = (this.#abort = new AbortController());
    const begun = performance.now();
    try {
      const response = await fetch(address('v1/chat/completions'), { method: 'POST', signal: abort.signal, headers: { authorization: `Bearer ${await userKey.get()}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
      if (!response.ok || !response.body) throw new Error(((await response.json()) as Chunk).error?.message ?? String(response.status));
      for await (const data of lines(response.body)) {
        if (data === '[DONE]') break;
        if (this.raw.length < 400_000) this.raw += `${data}\n`;
        this.#take(answer, JSON.parse(data) as Chunk, performance.now() - begun);
      }
    } catch (error) {
      if (abort.signal.aborted) answer.stopped = true;
      else answer.wrong = words(error);
    }
    answer.took = performance.now() - begun;
    this.busy = false;
  }

  #take(answer: Turn, chunk: Chunk, at: number): void {
    if (chunk.error) throw new Error(chunk.error.message ?? 'error');
    const delta = chunk.choices?.[0]?.delta;
    if (delta?.content || delta?.reasoning_content || delta?.tool_calls) answer.ttft ??= at;
    answer.text += delta?.content ?? '';
    answer.thoughts += delta?.reasoning_content ?? '';
    if (delta?.tool_calls) answer.calls += `${JSON.stringify(delta.tool_calls)}\n`;
    if (chunk.usage) { answer.usage = chunk.usage; answer.out = chunk.usage.completion_tokens ?? null; }
  }

  /** Closes the connection, which cancels the call at Google too. */
  stop(): void {
    this.#abort?.abort();
  }
  clear(): void {
    this.stop();
    this.turns = [];
    this.sent = null;
    this.raw = '';
  }
}
