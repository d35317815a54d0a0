/** The same request as one would write it for Gemini itself. For reading: the gateway's own translation knows far more. */
interface Part { type: string; text?: string; image_url?: { url: string }; file?: { file_data: string } }
interface Message { role: string; content: string | Part[] }

const inline = (url: string) => {
  const [, mimeType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? [];
  return mimeType ? { inlineData: { mimeType, data: `${data?.slice(0, 40)}…` } } : { fileData: { fileUri: url } };
};

export function asGemini(request: Record<string, unknown>): Record<string, unknown> {
  const messages = (request.messages as Message[] | undefined) ?? [];
  const parts = (content: Message['content']) => (typeof content === 'string' ? [{ text: content }] : content.map((part) => (part.type === 'text' ? { text: part.text } : inline(part.image_url?.url ?? part.file?.file_data ?? ''))));
  const system = messages.find((message) => message.role === 'system');
  const effort = request.reasoning_effort as string | undefined;
  const config = { ...(effort ? { thinkingConfig: { thinkingLevel: effort, includeThoughts: true } } : {}), ...(request.temperature === undefined ? {} : { temperature: request.temperature }) };
  const tools = request.tools as { function?: unknown }[] | undefined;
  return {
    ...(system ? { systemInstruction: { parts: parts(system.content) } } : {}),
    contents: messages.filter((message) => message.role !== 'system').map((message) => ({ role: message.role === 'assistant' ? 'model' : 'user', parts: parts(message.content) })),
    ...(tools ? { tools: [{ functionDeclarations: tools.map((tool) => tool.function) }] } : {}),
    ...(Object.keys(config).length ? { generationConfig: config } : {}),
  };
}
