import { expect, it } from 'vitest';
import { lines } from './sse';

const text = 'data: {"a":"双子"}\n\n: heartbeat\n\ndata: [DONE]\n\n';

it('reads events however they are split', async () => {
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size <= bytes.length; size++) {
    const body = new ReadableStream<Uint8Array>({ start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    } });
    const found: string[] = [];
    for await (const line of lines(body)) found.push(line);
    expect(found).toEqual(['{"a":"双子"}', '[DONE]']);
  }
});
