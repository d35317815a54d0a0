// What the console promises, acted out. Each scenario finds what the ones before it left.
import { check, PASSWORD } from './stage.mjs';

const PAGES = ['overview', 'requests', 'playground', 'keys', 'projects', 'models', 'users', 'operators', 'settings', 'alerts', 'backups', 'audit', 'about', 'start'];
const EVIL = '<script>window.evil=1</script><img src=x onerror="window.evil=1">';
const key = (letter) => `AIza${'Sy'}${letter.repeat(33)}`;

const settled = async (page) => {
  await page.locator('main h1').waitFor();
  await page.waitForFunction(() => !document.querySelector('main [aria-busy="true"].waiting'));
  await page.waitForTimeout(150);
};

export const scenarios = {
  async 'first run: claim, keys, a user key, a test message'(stage) {
    const page = await stage.open('', { as: null });
    await stage.axe(page, 'the door');
    await stage.shot(page, 'door-claim');
    await page.getByTestId('token').fill('not the token');
    await page.getByTestId('name').fill('ann');
    await page.getByTestId('password').fill(PASSWORD);
    await page.getByTestId('submit').click();
    await page.getByRole('alert').waitFor();
    await page.getByTestId('token').fill(stage.token);
    await page.getByTestId('submit').click();
    await page.getByTestId('paste').fill(`${key('a')}\nteam-b=${key('b')}\n${key('a')}\nnot-a-key-at-all`);
    await page.getByTestId('import-go').click();
    const preview = await page.getByTestId('preview').innerText();
    check(/2\s*new/.test(preview) && /1\s*there already/.test(preview) && /1\s*no keys/.test(preview), preview);
    check((await stage.ask('GET', 'admin/stats')).gemini_keys === 12, 'looking added keys');
    await stage.shot(page, 'start-preview');
    await page.getByTestId('import-go').click();
    await page.getByText('2 of 2 tested, 2 do not work').waitFor();
    check((await stage.ask('GET', 'admin/stats')).gemini_keys === 14, 'the keys were not added');
    await page.getByTestId('user-name').fill('Phone');
    await page.getByTestId('make-user').click();
    const secret = await page.getByTestId('secret').innerText();
    check(secret.startsWith('sk-pollux-'), secret);
    for (const name of ['curl', 'Python', 'Node', 'Cherry Studio', 'Open WebUI', 'LobeChat', 'SillyTavern', 'Cursor', 'Cline', 'Claude Code', 'Gemini CLI']) {
      await page.getByRole('button', { name, exact: true }).click();
      check((await page.locator('.code pre').innerText()).includes(secret), `${name} lacks the key`);
    }
    await page.getByTestId('send-test').click();
    await page.getByTestId('test-answer').waitFor();
    check((await page.getByTestId('test-answer').innerText()).length > 5, 'no answer');
    await stage.shot(page, 'start-done');
    await stage.axe(page, 'start');
  },

  async 'a live overview: a call shows within a second'(stage) {
    const page = await stage.open('overview');
    await page.getByTestId('sentence').waitFor();
    check(/keys/.test(await page.getByTestId('sentence').innerText()), 'no sentence');
    const before = Number(await page.getByTestId('per-minute').innerText());
    await stage.call();
    const seen = (which, old) => page.waitForFunction(([id, old]) => Number(document.querySelector(`[data-testid="${id}"]`).textContent) > old, [which, old], { timeout: 7000, polling: 50 });
    await seen('per-minute', before);
    // What is promised is a second; the machine that tests may be busier than the one that serves.
    await page.goto(`${stage.base}#/requests`);
    await page.locator('.shown .line').first().waitFor();
    const lines = await page.locator('.shown .line').count();
    const began = Date.now();
    await stage.call({ messages: [{ role: 'user', content: 'Now' }] });
    await page.waitForFunction((old) => document.querySelectorAll('.shown .line').length > old, lines, { timeout: 4000, polling: 50 });
    console.log(`      a call was seen ${Date.now() - began} ms after it was sent`);
  },

  async 'keys: filter, bulk off with undo, delete by typing'(stage) {
    const page = await stage.open('keys');
    await page.getByTestId('filter').fill('state:benched');
    await page.getByText('2 of 14').waitFor();
    check(page.url().includes('q=state'), 'the filter is not in the address');
    await page.getByTestId('filter').fill('project:demo-1');
    await page.getByText('3 of 14').waitFor();
    await page.getByTestId('all').check();
    await page.getByTestId('bulk-disable').click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    check((await stage.ask('GET', 'admin/stats')).active_gemini_keys === 11, 'they are not off');
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.shown .state.good').length === 3);
    await page.getByTestId('filter').fill('state:benched');
    await page.getByText('2 of 14').waitFor();
    await page.getByTestId('all').check();
    await page.getByTestId('bulk-delete').click();
    const go = page.getByRole('dialog').getByRole('button', { name: 'Delete' });
    check(await go.isDisabled(), 'deleting asks for nothing');
    await page.getByTestId('confirm-input').fill('2');
    await go.click();
    await page.getByText('0 of 12').waitFor();
  },

  async 'keys: tagged together, told apart by note, held and reset'(stage) {
    const page = await stage.open('keys');
    await settled(page);
    await page.getByTestId('filter').fill('state:ready');
    await page.getByTestId('all').check();
    await page.getByTestId('bulk-tag').click();
    await page.getByTestId('bulk-word').fill('spare, night');
    await page.getByRole('button', { name: 'Tag', exact: true }).click();
    await page.getByText(/Tag: \d+ keys/).waitFor();
    const tagged = (await stage.ask('GET', 'admin/keys?tag=spare')).data;
    check(tagged.length >= 9, `${tagged.length} keys are tagged`);
    await page.getByTestId('filter').fill('tag:night');
    await page.locator('.shown .line a.mono').first().click();
    await page.getByTestId('key-edit').click();
    await page.getByTestId('key-note').fill(EVIL);
    await page.getByTestId('key-tags').fill('night day');
    await page.getByTestId('key-say').click();
    await page.getByRole('dialog').getByText(EVIL).waitFor();
    check(!(await page.evaluate(() => window.evil)), 'a note became more than text');
    check((await stage.ask('GET', 'admin/keys?tag=day')).data[0].note === EVIL, 'the note was not kept');
    await page.getByTestId('key-toggle').click();
    await page.locator('ol').getByText('by an operator').first().waitFor();
    await page.getByTestId('key-toggle').click();
    await page.locator('ol li').nth(1).waitFor();
    await stage.axe(page, 'a key with a timeline');
    await stage.shot(page, 'key-timeline');
    const [{ id: bad }] = (await stage.ask('POST', 'admin/keys', { key: key('c') })).keys;
    await stage.ask('POST', `admin/keys/${bad}/check`);
    await page.goto(`${stage.base}#/keys/${bad}`);
    await page.getByTestId('hold').waitFor();
    await page.locator('ol li').first().waitFor();
    await stage.shot(page, 'key-held');
    await stage.ask('DELETE', `admin/keys/${bad}`);
    for (const [language, theme, width] of [['zh', 'dark', 1280], ['en', 'light', 360], ['zh', 'dark', 360]]) {
      const other = await stage.open(`keys/${tagged[0].id}`, { language, theme, width });
      await other.locator('ol li').first().waitFor().catch(() => undefined);
      await stage.fits(other, `a key, ${language} ${width}`);
      await stage.shot(other, `key-${language}-${theme}-${width}`);
      await other.goto(`${stage.base}#/keys`);
      await settled(other);
      await stage.shot(other, `keys-${language}-${theme}-${width}`);
    }
  },

  async 'a key: why it stands so, test, off and on again'(stage) {
    const page = await stage.open('keys');
    await page.locator('.shown a').first().click();
    await page.getByTestId('why').waitFor();
    await stage.axe(page, 'a key');
    await page.getByTestId('key-test').click();
    await page.getByText('It works').waitFor();
    await page.getByTestId('key-toggle').click();
    await page.getByText('An operator switched it off').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('It is ready').waitFor();
    await stage.shot(page, 'key');
  },

  async 'users: make, limits, rotate, delete by name'(stage) {
    const page = await stage.open('users');
    await page.getByTestId('new-user').click();
    await page.getByTestId('form-name').fill('Bob');
    await page.getByRole('spinbutton', { name: 'Requests/min' }).fill('7');
    await stage.shot(page, 'user-form');
    await stage.axe(page, 'the form of a user');
    await page.getByTestId('form-save').click();
    const first = await page.getByTestId('secret').innerText();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('link', { name: 'Bob' }).click();
    await page.getByText('/ 7').first().waitFor();
    await page.getByTestId('rotate').click();
    await page.getByRole('dialog').last().getByRole('button', { name: 'New key', exact: true }).last().click();
    const second = await page.getByTestId('secret').innerText();
    check(first !== second && second.startsWith('sk-pollux-'), 'the key is the same');
    await stage.axe(page, 'a user');
    await stage.shot(page, 'user');
    await page.getByTestId('user-delete').click();
    await page.getByTestId('confirm-input').fill('Bob');
    await page.getByRole('dialog').last().getByRole('button', { name: 'Delete', exact: true }).last().click();
    await page.getByRole('link', { name: 'Bob' }).waitFor({ state: 'detached' });
  },

  async 'settings: look, save, undo; the injection is previewed'(stage) {
    const page = await stage.open('settings');
    await page.locator('#set-max_attempts').fill('5');
    await page.locator('#set-injection_enabled').check();
    await page.locator('#set-injection_content').fill('Be brief, twin.');
    await page.locator('mark', { hasText: 'Be brief, twin.' }).waitFor();
    await page.getByTestId('review').click();
    await page.getByText('＋ 5').waitFor();
    await stage.axe(page, 'the changes of settings');
    await stage.shot(page, 'settings-review');
    check((await stage.ask('GET', 'admin/settings')).version === 0, 'looking saved them');
    await page.getByTestId('save-settings').click();
    await page.getByText('Saved as version 1').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.waitForFunction(() => document.querySelector('#set-max_attempts').value === '3');
    await page.locator('#set-max_attempts').fill('1000');
    await page.getByTestId('review').click();
    await page.getByText(/max_attempts/).last().waitFor();
  },

  async 'playground: streaming with thoughts, raw, and a stop that cancels'(stage) {
    const page = await stage.open('playground');
    await page.getByTestId('effort').selectOption('high');
    await page.getByTestId('message').fill('Which star is brighter?');
    await page.getByTestId('send').click();
    await page.getByTestId('figures').waitFor();
    check((await page.getByTestId('turn-assistant').innerText()).includes('Which star'), 'no answer');
    await page.getByText('Thoughts').click();
    check((await page.getByTestId('thoughts').innerText()).length > 10, 'no thoughts');
    await page.getByTestId('attach').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64') });
    await page.getByTestId('message').fill('And this?');
    await page.getByTestId('send').click();
    await page.locator('img[alt="dot.png"]').waitFor();
    await page.getByTestId('figures').nth(1).waitFor();
    await stage.shot(page, 'playground-talk');
    await stage.axe(page, 'a conversation');
    await page.getByTestId('raw').click();
    check((await page.getByTestId('raw-request').innerText()).includes('image_url'), 'no raw request');
    await page.getByRole('button', { name: 'Gemini', exact: true }).click();
    check((await page.getByTestId('raw-request').innerText()).includes('inlineData'), 'not in Gemini’s words');
    await page.getByTestId('raw').click();
  },

  async 'playground: stop'(stage) {
    const page = await stage.open('playground');
    await page.route('**/v1/chat/completions', (route) => route.continue({ headers: { ...route.request().headers(), 'x-sim-fault': 'slow-chunks:400' } }));
    await page.getByTestId('message').fill(`Tell me all of it. ${'Go on. '.repeat(200)}`);
    await page.getByTestId('send').click();
    await page.getByTestId('stop').click();
    await page.getByTestId('stopped').waitFor();
    check(await page.getByTestId('send').isVisible(), 'one cannot go on');
  },

  async 'models, backups, operators, doctor: their main acts'(stage) {
    let page = await stage.open('models/gemini-2.5-pro');
    await page.getByTestId('model-toggle').click();
    await page.getByText('gemini-2.5-pro is off').waitFor();
    await stage.axe(page, 'a model');
    await page.getByRole('button', { name: 'Undo' }).click();
    page = await stage.open('backups');
    await page.getByTestId('make-backup').click();
    await page.locator('tbody tr').first().waitFor();
    page = await stage.open('operators');
    await page.getByTestId('new-operator').click();
    await page.getByRole('dialog').getByLabel('Name').fill('vic');
    await page.getByRole('dialog').getByLabel('New password').fill(PASSWORD);
    await stage.axe(page, 'the form of an operator');
    await page.getByRole('dialog').getByRole('button', { name: 'New operator' }).click();
    await page.getByRole('cell', { name: 'vic' }).waitFor();
    page = await stage.open('about');
    await page.getByTestId('examine').click();
    await page.getByText('Pieces come one by one.').waitFor();
  },

  async 'a viewer looks and changes nothing'(stage) {
    const page = await stage.open('keys', { as: 'vic' });
    await page.getByText('your role is viewer').waitFor();
    check((await page.getByTestId('import').count()) === 0, 'a viewer may add keys');
    await page.goto(`${stage.base}#/settings`);
    await page.locator('#set-max_attempts').waitFor();
    check(await page.locator('#set-max_attempts').isDisabled(), 'a viewer may change settings');
    const status = await page.evaluate(async () => {
      const me = await (await fetch('admin/session')).json();
      return (await fetch('admin/settings', { method: 'PATCH', headers: { 'content-type': 'application/json', 'x-pollux-csrf': me.csrf }, body: '{"max_attempts": 9}' })).status;
    });
    check(status === 403, `the gateway let a viewer through: ${status}`);
  },

  async 'every change without the CSRF proof is refused'(stage) {
    const page = await stage.open('overview');
    await settled(page);
    const statuses = await page.evaluate(async () => {
      const tries = [['POST', 'admin/users', '{"name":"x"}'], ['PATCH', 'admin/settings', '{}'], ['POST', 'admin/keys', '{"key":"x"}'], ['POST', 'admin/keys/preview', '{"key":"x"}'], ['POST', 'admin/backups', ''], ['DELETE', 'admin/sessions', ''], ['POST', 'admin/keys/export', '{}'], ['DELETE', 'admin/session', '']];
      return Promise.all(tries.map(async ([method, path, body]) => `${path} ${(await fetch(path, { method, ...(body ? { body } : {}) })).status}`));
    });
    check(statuses.every((one) => one.endsWith(' 403')), statuses.join(', '));
  },

  async 'a session that ends asks again and keeps the page'(stage) {
    const page = await stage.open('settings');
    await page.locator('#set-max_attempts').fill('6');
    const cookies = await page.context().cookies();
    await page.context().clearCookies();
    await page.getByTestId('review').click();
    await page.getByTestId('again-password').fill(PASSWORD);
    await stage.axe(page, 'the session is over');
    await stage.shot(page, 'session-over');
    await page.getByTestId('again-submit').click();
    await page.getByTestId('again-password').waitFor({ state: 'detached' });
    check((await page.locator('#set-max_attempts').inputValue()) === '6', 'what was typed is lost');
    check(cookies.length === 1, 'no cookie');
  },

  async 'what others wrote stays text'(stage) {
    const user = await stage.ask('POST', 'admin/users', { name: EVIL.slice(0, 60) });
    const project = (await stage.ask('GET', 'admin/projects')).data[0];
    await stage.ask('PATCH', `admin/projects/${project.id}`, { notes: EVIL });
    await stage.call({ messages: [{ role: 'user', content: EVIL }], user: EVIL });
    const page = await stage.open('playground');
    await page.getByTestId('message').fill(EVIL);
    await page.getByTestId('send').click();
    await page.getByTestId('figures').waitFor();
    check((await page.getByTestId('turn-assistant').innerText()).includes('<script>'), 'the reply is not shown as text');
    for (const where of [...PAGES, `users/${user.id}`, `projects/${project.id}`, 'keys?q=%3Cscript%3E', 'requests?model=%3Cscript%3E']) {
      await page.goto(`${stage.base}#/${where}`);
      await settled(page);
      check(!(await page.evaluate(() => 'evil' in window || document.querySelector('img[src="x"]'))), `it ran on ${where}`);
    }
    await stage.ask('DELETE', `admin/users/${user.id}`);
    await stage.ask('PATCH', `admin/projects/${project.id}`, { notes: '' });
  },

  async 'keyboard: g and a letter, / and ?'(stage) {
    const page = await stage.open('overview');
    await settled(page);
    await page.keyboard.press('g');
    await page.keyboard.press('k');
    await page.getByTestId('filter').waitFor();
    await page.locator('main h1').click();
    await page.keyboard.press('/');
    check(await page.getByTestId('filter').evaluate((input) => input === document.activeElement), '/ does not search');
    await page.locator('main h1').click();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await stage.axe(page, 'the help');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  },

  async 'a second tab stays in step'(stage) {
    const page = await stage.open('users');
    const other = await page.context().newPage();
    await other.goto(`${stage.base}#/users`);
    await other.getByTestId('new-user').click();
    await other.getByTestId('form-name').fill('Twin');
    await other.getByTestId('form-save').click();
    await page.getByRole('link', { name: 'Twin' }).waitFor();
    await other.getByRole('button', { name: 'Done' }).click();
    await other.getByTestId('language').click();
    await page.getByRole('heading', { name: '用户' }).waitFor();
    await other.getByTestId('language').click();
  },

  async 'a gateway that does not answer is told'(stage) {
    const page = await stage.open('overview');
    await settled(page);
    await page.route('**/admin/**', (route) => route.abort());
    await page.goto(`${stage.base}#/users`);
    await page.getByText('The gateway cannot be reached').waitFor();
    await stage.shot(page, 'offline');
    await page.unroute('**/admin/**');
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.getByRole('link', { name: 'Demo', exact: true }).waitFor();
  },

  async 'every page in both languages and both themes: axe, pictures'(stage) {
    for (let at = 0; at < 6; at += 1) await stage.call({ model: at % 2 ? 'gemini-3.8-flash' : 'gemini-2.5-flash', stream: false });
    for (const [language, theme] of [['en', 'light'], ['zh', 'dark'], ['zh', 'light'], ['en', 'dark']]) {
      const page = await stage.open('overview', { language, theme });
      for (const where of PAGES) {
        await page.goto(`${stage.base}#/${where}`);
        await settled(page);
        check((await page.evaluate(() => document.documentElement.lang)) === (language === 'zh' ? 'zh-CN' : 'en'), 'the language');
        await stage.shot(page, `${where}-${language}-${theme}`);
        await stage.axe(page, `${where} (${language}, ${theme})`);
        await stage.fits(page, where);
      }
      await page.context().close();
    }
  },

  async 'every page at 360 px and on a wall'(stage) {
    for (const [language, theme] of [['zh', 'light'], ['en', 'dark']]) {
      const page = await stage.open('overview', { language, theme, width: 360, height: 740 });
      for (const where of PAGES) {
        await page.goto(`${stage.base}#/${where}`);
        await settled(page);
        await stage.shot(page, `${where}-360-${language}-${theme}`);
        await stage.fits(page, `${where} at 360 px`);
        await stage.axe(page, `${where} at 360 px`);
      }
      await page.getByRole('button', { name: '☰' }).click();
      await page.waitForTimeout(200);
      await stage.shot(page, `menu-360-${language}`);
      await stage.axe(page, 'the menu at 360 px');
      await page.context().close();
    }
    const wall = await stage.open('overview', { width: 3840, height: 2160 });
    await settled(wall);
    await stage.shot(wall, 'overview-4k');
  },

  async 'login, logout, and the door of a gateway that is claimed'(stage) {
    const page = await stage.open('', { as: null });
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    await stage.shot(page, 'door-login');
    await page.getByTestId('name').fill('ann');
    await page.getByTestId('password').fill(PASSWORD);
    await page.getByTestId('submit').click();
    await page.getByTestId('sentence').waitFor();
    await page.getByTestId('logout').click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
  },
};
