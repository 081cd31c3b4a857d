// The live tail, and the lines without JavaScript.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { feed, push } from '../feed.mjs';
import { rows, wheel } from '../list.mjs';
import { shots, until } from '../tripod.mjs';

const bar = (page) => page.locator('#tail-bar');
const param = (page, name) => new URL(page.url()).searchParams.get(name);

export default function live(scene) {
  scene('live: new lines come at the top, at most four times a second; l ends it', tail);
  scene('live: scrolling and opening a line hold it up, the pill counts, G resumes', held);
  scene('live: above 200 lines a second some are shown, and that is said', sampled);
  scene('live: a range that is chosen ends it; what was dropped and what broke is told', ended, { allow: /tail/ });
  scene('without JavaScript: pages with links to older and newer lines, one open', plain, { script: false });
  for (const theme of ['dark', 'light']) {
    for (const size of ['wide', 'narrow']) scene(`pictures of the lines, ${theme}, ${size}`, (page, env) => pictures(page, env, theme, size), { theme, size });
  }
}

// talk pushes lines of a service until it is stopped; each batch of n every ms,
// one after the other, so that they come in their order.
function talk(origin, service, n, every) {
  let i = 0;
  let before = Promise.resolve();
  const timer = setInterval(() => {
    const lines = Array.from({ length: n }, () => ({ level: 'info', time: Date.now(), service, msg: `line ${i++}` }));
    before = before.then(() => push(origin, lines)).catch(() => {}); // the appliance may be gone when the test is over
  }, every);
  return { stop: () => clearInterval(timer), said: () => i };
}

const top = (page) => page.evaluate(() => document.querySelector('#log-rows .lr .msg')?.textContent.trim() ?? '');
const number = (text) => Number(text.replace('line ', ''));

async function tail(page, { origin, own }) {
  const service = own('live');
  await feed(origin, service, 30, (i) => ({ msg: `old ${i}` }));
  await page.goto(`/logs?service=${service}&from=now-15m`);
  await rows(page).first().waitFor();
  await page.keyboard.press('l');
  await page.waitForURL((u) => u.searchParams.get('live') === '1');
  await bar(page).getByText('Live').waitFor();
  const voice = talk(origin, service, 2, 50);
  try {
    await page.waitForFunction(() => document.querySelector('#log-rows .lr .msg')?.textContent.startsWith('line'));
    await page.evaluate(() => {
      window.batches = [];
      new MutationObserver(() => window.batches.push(performance.now())).observe(document.querySelector('#log-rows .win'), { childList: true });
    });
    const before = number(await top(page));
    await until('two hundred lines more', async () => number(await top(page)) > before + 200);
    const times = await page.evaluate(() => window.batches);
    const seconds = (times.at(-1) - times[0]) / 1000;
    assert.ok((times.length - 1) / seconds < 4.6, `${times.length} changes in ${seconds} s`);
  } finally {
    voice.stop();
  }
  await until('the last line', async () => number(await top(page)) === voice.said() - 1);
  const shown = (await rows(page).locator('.msg').allInnerTexts()).map((t) => t.trim());
  const want = Array.from({ length: shown.length }, (_, i) => (voice.said() > i ? `line ${voice.said() - 1 - i}` : `old ${i - voice.said()}`));
  assert.deepEqual(shown, want, 'each line once, in order');
  await page.keyboard.press('l');
  await page.waitForURL((u) => !u.searchParams.has('live'));
  await until('it says nothing more', async () => (await bar(page).innerText()) === '');
}

async function held(page, { origin, own }) {
  const service = own('held');
  await feed(origin, service, 400, (i) => ({ msg: `old ${i}` }));
  await page.goto(`/logs?service=${service}&live=1`);
  await bar(page).getByText('Live').waitFor();
  await page.mouse.move(800, 500);
  await wheel(page, 1500);
  const away = () => page.evaluate(() => [scrollY, document.querySelector('#log-rows .win').firstElementChild.id].join());
  await bar(page).getByText('held up by scrolling').waitFor();
  const before = await away();
  await push(origin, Array.from({ length: 12 }, (_, i) => ({ time: Date.now(), service, msg: `line ${i}` })));
  const pill = bar(page).locator('.pill');
  await pill.getByText('12 new lines').waitFor();
  assert.equal(await away(), before, 'nothing moves under the eyes');
  assert.ok((await pill.boundingBox()).y < 200, 'the pill is in sight');
  await page.screenshot({ path: join(shots, 'logs-live-held-dark-wide.png') });
  await page.keyboard.press('G');
  await page.waitForFunction(() => document.querySelector('#log-rows .lr .msg')?.textContent.trim() === 'line 11');
  await pill.waitFor({ state: 'detached' });

  await rows(page).nth(3).locator('.msg').click();
  await page.locator('.exp .fl').waitFor();
  await push(origin, [{ time: Date.now(), service, msg: 'after opening' }]);
  await pill.getByText('1 new line,').waitFor();
  assert.notEqual(await top(page), 'after opening');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.querySelector('#log-rows .lr .msg')?.textContent.trim() === 'after opening');

  // more than waits: the newest page is read anew
  await wheel(page, 1500);
  await bar(page).getByText('held up by scrolling').waitFor();
  for (let i = 0; i < 22; i++) {
    await push(origin, Array.from({ length: 50 }, (_, k) => ({ time: Date.now(), service, msg: `flood ${i * 50 + k}` })));
    await page.waitForTimeout(400); // far fewer than 200 a second, so that none is left out
  }
  await pill.getByText(/1,1\d\d new lines/).waitFor();
  await pill.click();
  await page.waitForFunction(() => document.querySelector('#log-rows .lr .msg')?.textContent.trim() === 'flood 1099');
}

async function sampled(page, { origin, own }) {
  const service = own('flood');
  await page.goto(`/logs?service=${service}&live=1`);
  await page.locator('#topbar .live.on').waitFor();
  const voice = talk(origin, service, 60, 100);
  try {
    const says = bar(page).getByText(/lines\/s, showing 1 in \d+/);
    await says.waitFor();
    await until('the rate, which needs its second, and the share of it', async () => {
      const [, rate, every] = (await bar(page).innerText()).match(/([\d,]+) lines\/s, showing 1 in (\d+)/) ?? [];
      const per = Number(rate?.replace(',', ''));
      return per > 400 && Math.abs(per / 200 - Number(every)) <= 2;
    });
    await page.screenshot({ path: join(shots, 'logs-live-sampled-dark-wide.png') });
    await bar(page).getByRole('link', { name: 'Narrow the filter' }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'q');
  } finally {
    voice.stop();
  }
  await bar(page).getByText('lines/s').waitFor({ state: 'detached' });
}

async function ended(page, { origin, own }) {
  const service = own('ended');
  await feed(origin, service, 50, (i) => ({ msg: `line ${i}` }));
  let answers = 0;
  await page.route('**/logs/tail?*', (route) => {
    if (answers++ > 0) return route.abort();
    return route.fulfill({ contentType: 'application/x-ndjson', body: '{}\n{"lost":31,"came":40}\n{"error":"The appliance is closing."}\n' });
  });
  await page.goto(`/logs?service=${service}&live=1`);
  await bar(page).getByText('31 lines were dropped').waitFor();
  await bar(page).getByText(/Not connected. Trying again in \d+ s/).waitFor();
  await page.unroute('**/logs/tail?*');
  await bar(page).getByText('Not connected').waitFor({ state: 'detached' });
  await push(origin, [{ time: Date.now(), service, msg: 'back again' }]);
  await page.waitForFunction(() => document.querySelector('#log-rows .lr .msg')?.textContent.trim() === 'back again');

  await page.keyboard.press('[');
  await page.waitForURL((u) => /^\d+$/.test(u.searchParams.get('to') ?? ''));
  assert.equal(await page.locator('#topbar .live.on').count(), 0, 'a range of then is not live');
  assert.equal(await page.locator('#log-rows[data-tail*=tail]').count(), 0);
}

async function plain(page, { origin, own }) {
  const service = own('plain');
  const rows = (page) => page.locator('#log-rows .lr'); // which no script takes over
  await feed(origin, service, 450, (i) => ({ msg: `line ${i}` }));
  await page.goto(`/logs?service=${service}&from=now-1h`);
  assert.equal(await rows(page).count(), 200);
  await page.getByRole('link', { name: 'Show older lines' }).click();
  await page.waitForURL((u) => u.searchParams.has('cursor'));
  assert.match(await rows(page).first().locator('.msg').innerText(), /^line 200$/);
  await rows(page).nth(4).locator('.at').click();
  await page.locator('.exp .fl').waitFor();
  assert.match(await page.locator('.lr.open .msg').innerText(), /^line 204$/);
  await page.goBack();
  await page.getByRole('link', { name: 'Show older lines' }).click();
  await page.waitForURL((u) => !(u.searchParams.get('cursor') ?? '').endsWith('x'));
  await page.getByRole('link', { name: 'Show newer lines' }).click();
  await page.waitForURL((u) => u.searchParams.has('before'));
  assert.match(await rows(page).last().locator('.msg').innerText(), /^line 399$/);
}

async function pictures(page, { origin }, theme, size) {
  const say = (i) => [
    { level: 'error', msg: 'db pool: timed out after 5.00s waiting for a connection', route: '/api/tasks', 'pool.in_use': 5, 'pool.waiting': 30 + (i % 12) },
    { level: 'warn', msg: `db pool: retrying query (attempt ${1 + (i % 3)} of 3)`, stmt: 'tasks.insert', 'pool.wait': '1.204s' },
    { level: 'info', msg: 'slow query while pool is full', stmt: 'streaks.by_user', took: '812ms', rows: 1 },
  ][i % 3];
  await feed(origin, 'picture', 300, say, { step: 400 });
  const shoot = (name) => page.screenshot({ path: join(shots, `logs-${name}-${theme}-${size}.png`) });
  await page.goto('/logs?service=picture&q=pool&from=now-15m&cols=level&cols=route&cols=stmt');
  await rows(page).first().waitFor();
  await shoot('columns');
  await page.keyboard.press('c');
  await page.locator('#cols-pop').waitFor();
  await shoot('columns-pop');
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.locator('.around').waitFor();
  await shoot('around');
  await page.goto('/logs?service=picture&live=1&from=now-15m');
  await bar(page).getByText('Live').waitFor();
  await shoot('live');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  if (size === 'wide') {
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await shoot('export');
  }
}
