/** The `data:` of each server-sent event of a body, whatever the pieces it comes in. */
export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let kept = '';
  for (;;) {
    const { done, value } = await reader.read();
    kept += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const all = kept.split(/\r?\n/);
    kept = done ? '' : (all.pop() ?? '');
    for (const line of all) if (line.startsWith('data:')) yield line.slice(5).trim();
    if (done) return;
  }
}
