/** What an injection makes of a request, as the gateway does it; for the preview. */
export interface Said { role: 'system' | 'user' | 'assistant'; text: string; added?: string }

export function injected(messages: Said[], position: string, content: string): Said[] {
  if (!content.trim()) return messages;
  const users = messages.flatMap((message, at) => (message.role === 'user' ? [at] : []));
  const at = position === 'user_prefix' ? users[0] : position === 'user_suffix' ? users.at(-1) : undefined;
  if (at !== undefined) return messages.map((message, place) => (place === at ? { ...message, added: position } : message));
  const system = messages.findIndex((message) => message.role === 'system');
  return system < 0 ? [{ role: 'system', text: '', added: 'system' }, ...messages] : messages.map((message, place) => (place === system ? { ...message, added: 'system' } : message));
}
