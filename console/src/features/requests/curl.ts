/** A call as a command line. The key is left for the reader to put in: nobody's key stands in a log. */
import { address } from '../../api/client';

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

export function asCurl(call: { surface: string; model_asked: string; streamed: boolean }, body?: unknown): string {
  const [path, usual] = shape(call);
  const json = body ? (typeof body === 'string' ? body : JSON.stringify(body)) : JSON.stringify(usual);
  return `curl -N ${quote(address(path))} \\\n  -H "Authorization: Bearer $POLLUX_KEY" \\\n  -H 'Content-Type: application/json' \\\n  -d ${quote(json)}`;
}

function shape({ surface, model_asked: model, streamed }: { surface: string; model_asked: string; streamed: boolean }): [string, unknown] {
  const messages = [{ role: 'user', content: '…' }];
  if (/gemini|native/.test(surface)) return [`v1beta/models/${model}:${streamed ? 'streamGenerateContent?alt=sse' : 'generateContent'}`, { contents: [{ role: 'user', parts: [{ text: '…' }] }] }];
  if (/anthropic|messages/.test(surface)) return ['v1/messages', { model, max_tokens: 1024, stream: streamed, messages }];
  if (/responses/.test(surface)) return ['v1/responses', { model, stream: streamed, input: '…' }];
  if (/embedding/.test(surface)) return ['v1/embeddings', { model, input: '…' }];
  return ['v1/chat/completions', { model, stream: streamed, messages }];
}
