/** How to call the gateway from what people use. */
export interface Snippet { name: string; where: string; text: string }
export interface SnippetWords { shell: string; python: string; node: string; settings: (path: string) => string; anthropic: string; gemini: string }

const MODEL = 'gemini-3.8-flash';

export function snippets(base: string, key: string, said: SnippetWords): Snippet[] {
  const root = base.replace(/\/v1$/, '');
  const form = (pairs: [string, string][]) => pairs.map(([name, value]) => `${name}: ${value}`).join('\n');
  const client = (name: string, path: string, pairs: [string, string][]): Snippet => ({ name, where: said.settings(path), text: form(pairs) });
  return [
    { name: 'curl', where: said.shell, text: `curl -N "${base}/chat/completions" \\\n  -H "Authorization: Bearer ${key}" \\\n  -H "Content-Type: application/json" \\\n  -d '{"model": "${MODEL}", "stream": true, "messages": [{"role": "user", "content": "Hello!"}]}'` },
    { name: 'Python', where: said.python, text: `from openai import OpenAI\n\nclient = OpenAI(base_url="${base}", api_key="${key}")\nanswer = client.chat.completions.create(\n    model="${MODEL}",\n    messages=[{"role": "user", "content": "Hello!"}],\n)\nprint(answer.choices[0].message.content)` },
    { name: 'Node', where: said.node, text: `import OpenAI from "openai";\n\nconst client = new OpenAI({ baseURL: "${base}", apiKey: "${key}" });\nconst answer = await client.chat.completions.create({\n  model: "${MODEL}",\n  messages: [{ role: "user", content: "Hello!" }],\n});\nconsole.log(answer.choices[0].message.content);` },
    client('Cherry Studio', 'Settings → Model Provider → Add → OpenAI', [['API Host', root], ['API Key', key], ['Model', MODEL]]),
    client('Open WebUI', 'Admin Settings → Connections → OpenAI API', [['URL', base], ['Key', key]]),
    client('LobeChat', 'Settings → AI Service Provider → OpenAI', [['API Proxy URL', base], ['API Key', key], ['Model List', `+${MODEL}`]]),
    client('SillyTavern', 'API Connections → Chat Completion → Custom (OpenAI-compatible)', [['Custom Endpoint', base], ['Custom API Key', key], ['Model ID', MODEL]]),
    client('Cursor', 'Settings → Models → API Keys', [['Override OpenAI Base URL', base], ['OpenAI API Key', key], ['Add model', MODEL]]),
    client('Cline', 'Settings → API Provider → OpenAI Compatible', [['Base URL', base], ['API Key', key], ['Model ID', MODEL]]),
    { name: 'Claude Code', where: said.anthropic, text: `export ANTHROPIC_BASE_URL="${root}"\nexport ANTHROPIC_AUTH_TOKEN="${key}"\nexport ANTHROPIC_MODEL="${MODEL}"\nclaude` },
    { name: 'Gemini CLI', where: said.gemini, text: `export GOOGLE_GEMINI_BASE_URL="${root}"\nexport GEMINI_API_KEY="${key}"\ngemini -m ${MODEL}` },
  ];
}
