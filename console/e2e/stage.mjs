// What scenarios share: a browser that is somebody, and eyes on what goes wrong in it.
import { AxeBuilder } from '@axe-core/playwright';

export const PASSWORD = 'twins in the night sky';

export function check(truth, said) {
  if (!truth) throw new Error(said);
}

export class Stage {
  constructor(browser, { base, token, userKey }, shots) {
    Object.assign(this, { browser, base, token, userKey, shots, wrong: [], contexts: [], cookies: null });
  }

  /** A page of somebody; with `as: null`, of nobody. */
  async open(path = '', { as = 'ann', width = 1280, height = 900, theme = 'light', language = 'en' } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: theme, locale: language === 'zh' ? 'zh-CN' : 'en-GB', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce' });
    this.contexts.push(context);
    if (as) await this.login(context, as);
    const page = await context.newPage();
    page.setDefaultTimeout(8000);
    page.on('pageerror', (error) => this.wrong.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/i.test(message.text())) this.wrong.push(message.text());
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(this.base) && !/^(data|blob):/.test(url)) this.wrong.push(`a request to another host: ${url}`);
    });
    await page.goto(`${this.base}${path ? `#/${path}` : ''}`);
    this.page = page;
    return page;
  }

  /** Logs in without the form; who was logged in before keeps the session. */
  async login(context, name) {
    this.sessions ??= new Map();
    if (!this.sessions.has(name)) {
      const response = await context.request.post(`${this.base}admin/session`, { data: { name, password: PASSWORD } });
      check(response.ok(), `${name} cannot log in: ${response.status()}`);
      this.sessions.set(name, (await context.storageState()).cookies);
    } else await context.addCookies(this.sessions.get(name));
  }

  /** Asks the admin API with the token. */
  async ask(method, path, data) {
    const response = await fetch(`${this.base}${path}`, { method, headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' }, ...(data ? { body: JSON.stringify(data) } : {}) });
    const text = await response.text();
    check(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** One call, as a client makes it. */
  async call(body = {}, headers = {}) {
    return fetch(`${this.base}v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${this.userKey}`, 'content-type': 'application/json', ...headers }, body: JSON.stringify({ model: 'gemini-3.8-flash', messages: [{ role: 'user', content: 'Hi' }], ...body }) }).then(async (response) => ({ status: response.status, text: await response.text() }));
  }

  /** No violation of WCAG A and AA on what is shown. */
  async axe(page, where) {
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze();
    const told = violations.map((one) => `${one.id}: ${one.help}\n    ${one.nodes.slice(0, 4).map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1] ?? ''}`).join('\n    ')}`);
    check(violations.length === 0, `axe on ${where}:\n  ${told.join('\n  ')}`);
  }

  /** Nothing sticks out to the right. */
  async fits(page, where) {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(over <= 0, `${where} is ${over}px too wide`);
  }

  async shot(page, name) {
    await page.screenshot({ path: `${this.shots}/${name}.png` });
  }

  complain() {
    const wrong = this.wrong.splice(0);
    check(wrong.length === 0, wrong.join('\n'));
  }

  async leave() {
    this.wrong = [];
    for (const context of this.contexts.splice(0)) await context.close();
  }
}
