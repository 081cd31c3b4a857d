// The lines: opening, ordering, wrapping, and going on from them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { feed, push } from '../feed.mjs';
import { apart, placed, rows, wheel } from '../list.mjs';
import { shots, until } from '../tripod.mjs';
import { aTrace, tooSmall } from './screens.mjs';

const q = (page) => new URL(page.url()).searchParams.get('q') ?? '';

export default function logs(scene) {
  scene('a row opens by click and by j and Enter; only narrows; View trace leads there', openRow);
  scene('at 390 px an open line has its fields and actions in reach', openNarrow, { size: 'narrow' });
  scene('ten thousand lines: all are reached, few are in the page, and each stands where it should', many);
  scene('Back from a trace: the same lines on the screen, the same one open', back);
  scene('oldest first, and j reaches lines that were not there', order);
  scene('wrapping lines stays in the address, and rows of any height fit together', wrap);
  scene('an open line: not this value, the JSON as sent, copies', apart(detail));
  scene('x shows what surrounds a line, without the query, and more on both sides', around);
  scene('the link of a line shows it again, open, with absolute times', apart(link));
  scene('columns: added, moved by keys and by dragging, removed, all in the address', columns);
  scene('export: as many lines as the button says, as NDJSON and as CSV', exporting);
  scene('the key sheet names the keys of this screen', keys);
}

const param = (page, name) => new URL(page.url()).searchParams.get(name);
const first = (page) => page.evaluate(topRow);

// topRow runs in the page: the row under what stands over the list, and where it is.
function topRow() {
  const heads = ['.topbar', '.lt', '.lh'].map((s) => document.querySelector(s)).filter((el) => el && getComputedStyle(el).position === 'sticky');
  const over = heads.reduce((y, el) => y + el.offsetHeight, 0);
  const row = [...document.querySelectorAll('#log-rows .lr')].find((el) => el.getBoundingClientRect().bottom > over + 1);
  return row && { id: row.id, text: row.querySelector('.msg').textContent.trim(), y: row.getBoundingClientRect().top };
}

// gaps runs in the page: neighbours of the list that do not touch.
function gaps() {
  const all = [...document.querySelectorAll('#log-rows .win > *')].map((el) => el.getBoundingClientRect());
  return all.slice(1).map((b, i) => Math.abs(b.top - all[i].bottom)).filter((d) => d > 0.6);
}

async function many(page, { origin, own }) {
  const service = own('many');
  const lines = await feed(origin, service, 10_000, (i) => ({ msg: `line ${i}`, n: i }));
  await page.goto(`/logs?service=${service}&from=now-1h`);
  await rows(page).first().waitFor();
  const seen = new Map();
  let most = 0;
  for (let round = 0; seen.size < lines.length && round < 2000; round++) {
    const now = await page.evaluate(() => [...document.querySelectorAll('#log-rows .lr')].map((r) => [r.id, r.querySelector('.msg').firstChild.textContent.trim()]));
    for (const [id, text] of now) seen.set(id, text);
    most = Math.max(most, now.length);
    await wheel(page, 1600);
  }
  assert.equal(seen.size, 10_000, 'each line has a row');
  assert.deepEqual(new Set([...seen.values()]), new Set(lines.map((l) => l.msg)));
  assert.ok(most < 200, `${most} rows in the page at once`);
  assert.deepEqual(await page.evaluate(gaps), []);
  assert.match(await page.locator('#log-shown').innerText(), /10,000/);
  await placed(page);
  const here = await first(page);
  await page.reload();
  await rows(page).first().waitFor();
  assert.equal((await first(page)).id, here.id, 'the address says where the list goes on');
  // and from there up again
  const above = await page.evaluate(() => document.querySelector('#log-rows .lr').id);
  await wheel(page, -4000);
  await page.waitForFunction((id) => document.querySelector('#log-rows .lr').id !== id, above);
  const order = await rows(page).evaluateAll((all) => all.map((r) => Number(r.id.split('-')[0].slice(1))));
  assert.deepEqual(order, [...order].sort((a, b) => b - a), 'newest first');
  await page.keyboard.press('G');
  await page.waitForFunction((text) => document.querySelector('#log-rows .lr .msg')?.textContent.startsWith(text), 'line 0');
  assert.equal(param(page, 'cursor'), null);
}

async function back(page, { origin, own }) {
  const service = own('back');
  const trace_id = await aTrace(origin);
  await feed(origin, service, 3000, (i) => ({ msg: `line ${i}`, trace_id }));
  await page.goto(`/logs?service=${service}&from=now-1h`);
  await rows(page).first().waitFor();
  for (let i = 0; i < 12; i++) await wheel(page, 1500);
  await page.waitForURL((u) => u.searchParams.has('cursor'));
  await rows(page).locator('visible=true').nth(60).locator('.msg').click();
  await page.locator('.exp .fl').waitFor();
  const open = await page.locator('.exp').getAttribute('data-of');
  await placed(page);
  const before = await first(page);
  await page.locator('.exp').getByRole('link', { name: 'View trace' }).click();
  await page.waitForURL((u) => u.pathname.startsWith('/traces/'));
  await page.goBack();
  await page.locator('.exp .fl').waitFor();
  assert.equal(await page.locator('.exp').getAttribute('data-of'), open);
  const after = await first(page);
  assert.equal(after.id, before.id);
  assert.ok(Math.abs(after.y - before.y) < 3, `at ${after.y}, not ${before.y}`);
}

async function openRow(page) {
  // each such line has a route and a trace
  const asked = 'service:planner-api "request completed"';
  await page.goto('/logs?refresh=off&q=' + encodeURIComponent(asked));
  const third = rows(page).nth(2);
  await third.locator('.msg').click();
  const open = page.locator('.exp');
  await open.waitFor();
  assert.match(await open.innerText(), /trace_id/);
  assert.ok(new URL(page.url()).searchParams.get('sel'), 'the address names the open line');
  await page.keyboard.press('Escape');
  await open.waitFor({ state: 'detached' });
  await page.evaluate(() => document.activeElement.blur());
  for (const key of ['j', 'j', 'k', 'Enter']) await page.keyboard.press(key);
  await open.waitFor();
  assert.equal(await open.getAttribute('data-of'), await rows(page).first().getAttribute('id'), 'j j k is the first row');

  const route = open.locator('.fl > div', { has: page.locator('.k', { hasText: /^route$/ }) });
  const value = await route.locator('.v').innerText();
  await route.locator('a[title="Only this value"]').click();
  await page.waitForURL((u) => (u.searchParams.get('q') ?? '').includes('route:'));
  assert.ok(q(page).startsWith(asked + ' ') && q(page).includes(value), q(page));

  await rows(page).first().locator('.msg').click();
  await open.waitFor();
  const id = (await open.locator('.fl > div', { has: page.locator('.k', { hasText: /^trace_id$/ }) }).locator('.v').innerText()).trim();
  await open.getByRole('link', { name: 'View trace' }).click();
  await page.waitForURL((u) => u.pathname === '/traces/' + id);
  await page.locator('.wr .barw').first().waitFor();
}

async function openNarrow(page) {
  await page.goto('/logs?q=task');
  await rows(page).nth(1).locator('.msg').tap();
  await page.locator('.exp .fl').waitFor();
  assert.deepEqual(await page.evaluate(tooSmall), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await page.screenshot({ path: join(shots, 'logs-line-dark-narrow.png') });
  await page.locator('.foldl').tap();
  await page.locator('.fac[data-name=level]').waitFor();
}

async function order(page, { origin, own }) {
  const service = own('order');
  await feed(origin, service, 450, (i) => ({ msg: `line ${i}` }), { step: 0 }); // all at one time
  await page.goto(`/logs?service=${service}&from=now-1h`);
  await rows(page).first().waitFor();
  const newest = await first(page);
  await page.getByRole('link', { name: 'Oldest' }).click();
  await page.waitForURL((u) => u.searchParams.get('sort') === 'oldest');
  await page.waitForFunction((id) => (document.querySelector('#log-rows.virtual .lr')?.id ?? id) !== id, newest.id);
  assert.match((await first(page)).text, /^line 0$/, 'of one time, the first that came is the oldest');
  const seen = [];
  await page.keyboard.press('j');
  const read = async () => Number((await page.locator('#log-shown').innerText()).match(/^Showing (?:all )?([\d,]+)/)[1].replace(',', ''));
  for (let i = 0; i < 450; i++) {
    if (i % 50 === 0) await until('further lines', async () => (await read()) >= Math.min(450, i + 51));
    seen.push(await page.evaluate(() => document.activeElement.querySelector('.msg')?.textContent.trim()));
    await page.keyboard.press('j');
  }
  assert.deepEqual(seen, Array.from({ length: 450 }, (_, i) => `line ${i}`));
}

async function wrap(page, { origin, own }) {
  const service = own('long');
  await feed(origin, service, 900, (i) => ({ msg: `line ${i} ` + 'many words '.repeat((i * 7) % 60) }));
  await page.goto(`/logs?service=${service}&from=now-1h`);
  await rows(page).first().waitFor();
  await page.keyboard.press('w');
  await page.locator('#log-rows.wrapped').waitFor();
  assert.equal(param(page, 'wrap'), '1');
  await page.reload();
  await page.locator('#log-rows.wrapped').waitFor();
  for (let i = 0; i < 60; i++) {
    await wheel(page, i < 40 ? 900 : -700);
    assert.deepEqual(await page.evaluate(gaps), [], `step ${i}`);
  }
  const before = await first(page);
  await page.keyboard.press('w');
  await page.locator('#log-rows:not(.wrapped)').waitFor();
  assert.equal((await first(page)).id, before.id, 'the first line stays the first');
  assert.deepEqual(await page.evaluate(gaps), []);
}

const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());

async function detail(page, { origin, context, own }) {
  const service = own('detail');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const odd = `{"time":${Date.now() - 3000}, "level":"warn","service":"${service}","msg":"ødd  spacing","n":1.50,"route":"/a \\"b\\""}`;
  await feed(origin, service, 20, (i) => ({ msg: `line ${i} of 20`, route: `/r/${i % 2}` }));
  await push(origin, [odd]);
  await page.goto(`/logs?q=%C3%B8dd&service=${service}&from=now-1h`);
  await rows(page).first().locator('.msg').click();
  const open = page.locator('.exp');
  await open.locator('summary', { hasText: 'JSON as sent' }).click();
  assert.equal(await open.locator('.sent pre').textContent(), odd);
  await open.getByRole('button', { name: 'Copy line' }).click();
  await page.locator('.toast', { hasText: 'Copied' }).waitFor();
  assert.equal(await clipboard(page), odd);
  await open.getByRole('button', { name: 'Copy route' }).click();
  await until('the value', async () => (await clipboard(page)) === '/a "b"');

  await page.goto(`/logs?service=${service}&from=now-1h&q=of`);
  await rows(page).first().locator('.msg').click();
  await open.getByRole('link', { name: /^Not route = \/r\/0$/ }).click();
  await page.waitForFunction(() => document.querySelectorAll('#log-rows.virtual .lr').length === 10);
  assert.ok((await rows(page).locator('.kvs').allInnerTexts()).every((t) => t.includes('/r/1')));
  await rows(page).first().locator('.msg').click();
  await open.getByRole('link', { name: 'Same pattern' }).click();
  await page.waitForURL((u) => u.search.includes('pattern'));
  await page.waitForFunction(() => document.querySelectorAll('#log-rows.virtual .lr').length === 10);
}

async function around(page, { origin, own }) {
  const service = own('stream');
  await feed(origin, service, 400, (i) => ({ msg: i === 200 ? 'the needle' : `line ${i}`, level: i % 3 ? 'info' : 'debug' }));
  await page.goto(`/logs?q=needle&service=${service}&from=now-1h`);
  await rows(page).first().waitFor();
  assert.equal(await rows(page).count(), 1);
  for (const key of ['j', 'x']) await page.keyboard.press(key);
  await page.locator('.around').waitFor();
  const here = page.locator('#log-rows.virtual .lr.here');
  await here.waitFor();
  assert.match(await here.innerText(), /the needle/);
  const box = await here.boundingBox();
  assert.ok(box.y > 100 && box.y < 700, `the line stands at ${box.y}`);
  const neighbours = await page.evaluate(() => {
    const el = document.querySelector('.lr.here');
    return [el.previousElementSibling, el.nextElementSibling].map((r) => r.querySelector('.msg').textContent.trim());
  });
  assert.deepEqual(neighbours, ['line 199', 'line 201'], 'newest first, every level');
  for (const [by, last] of [[-3000, 'line 0'], [3000, 'line 399']]) {
    await until(last, async () => {
      await wheel(page, by);
      return (await rows(page).locator('.msg').allInnerTexts()).includes(last);
    });
  }
  await page.keyboard.press('Escape');
  await page.waitForURL((u) => !u.searchParams.has('around'));
  await page.waitForFunction(() => document.querySelectorAll('#log-rows.virtual .lr').length === 1);
  assert.equal(q(page), 'needle');
}

async function link(page, { origin, context, own }) {
  const service = own('linked');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await feed(origin, service, 1500, (i) => ({ msg: `line ${i}` }));
  await page.goto(`/logs?service=${service}&from=now-1h`);
  await rows(page).first().waitFor();
  const wanted = rows(page).filter({ hasText: /line 700$/ });
  await until('the line', async () => {
    await wheel(page, 1200);
    return wanted.count();
  });
  await wanted.locator('.msg').click();
  await page.locator('.exp').getByRole('link', { name: 'Link', exact: true }).click();
  await page.locator('.toast', { hasText: 'absolute times' }).waitFor();
  const address = await clipboard(page);
  const there = new URL(address).searchParams;
  assert.match(there.get('from') + there.get('to'), /^\d{26}$/);
  const other = await context.newPage();
  await other.goto(address);
  const open = other.locator('.exp .fl');
  await open.waitFor();
  assert.match(await other.locator('.lr.open .msg').innerText(), /line 700$/);
  const box = await other.locator('.lr.open').boundingBox();
  assert.ok(box.y > 100 && box.y < 800, `it stands at ${box.y}`);
  assert.equal(await other.locator('.lr', { hasText: 'line 695' }).count(), 1, 'with lines before it');
  await page.keyboard.press('y');
  await until('the share link', async () => (await clipboard(page)) !== address);
  assert.match(new URL(await clipboard(page)).searchParams.get('to'), /^\d{13}$/);
}

async function columns(page, { origin, own }) {
  const service = own('columns');
  await feed(origin, service, 30, (i) => ({ msg: `line ${i}`, route: `/r/${i}`, took: `${i}ms` }));
  const heads = () => page.locator('.lh .ch').allInnerTexts();
  const are = async (want) => {
    await page.waitForFunction((w) => [...document.querySelectorAll('.lh .ch')].map((el) => el.textContent).join() === w, want.join());
    assert.deepEqual(await heads(), want);
  };
  await page.goto(`/logs?service=${service}&from=now-1h`);
  await rows(page).first().locator('.msg').click();
  await page.locator('.exp').getByRole('link', { name: 'Column route' }).click();
  await are(['Level', 'Service', 'route']);
  assert.equal(await rows(page).first().locator('.cell').innerText(), '/r/0');
  assert.ok(!(await rows(page).first().locator('.kvs').innerText()).includes('route='), 'and not said twice');
  await page.keyboard.press('c');
  await page.locator('#cols-pop .others .opt[data-name=took]').click();
  await are(['Level', 'Service', 'route', 'took']);
  await page.locator('#cols-pop').waitFor(); // the list stays for the next
  await page.locator('#cols-pop .shown [data-col=took]').focus();
  await page.keyboard.press('Shift+ArrowUp');
  await are(['Level', 'Service', 'took', 'route']);
  await page.keyboard.press('Escape');
  await page.locator('.lh [data-col=took]').focus();
  await page.keyboard.press('Shift+ArrowLeft');
  await are(['Level', 'took', 'Service', 'route']);
  await page.locator('.lh [data-col=route]').dragTo(page.locator('.lh [data-col=level]'), { targetPosition: { x: 3, y: 8 } });
  await are(['route', 'Level', 'took', 'Service']);
  await page.locator('.lh [data-col=took]').focus();
  await page.keyboard.press('Delete');
  await are(['route', 'Level', 'Service']);
  assert.deepEqual(new URL(page.url()).searchParams.getAll('cols'), ['route', 'level', 'service']);
  await page.reload();
  await are(['route', 'Level', 'Service']);
  await page.keyboard.press('c');
  await page.locator('#cols-pop').getByRole('link', { name: 'Reset' }).click();
  await are(['Level', 'Service']);
  assert.equal(param(page, 'cols'), null);
}

async function exporting(page, { origin, own }) {
  const service = own('export');
  await feed(origin, service, 3210, (i) => ({ msg: `line ${i}`, route: `/r/${i % 5}` }));
  await page.goto(`/logs?service=${service}&from=now-1h&q=${encodeURIComponent('route:"/r/1" or route:"/r/2"')}`);
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const pop = page.locator('#export-pop');
  for (const [format, lines] of [['NDJSON', 1284], ['CSV', 1285]]) {
    const way = pop.locator('a', { hasText: format });
    assert.match(await way.innerText(), /1,284 lines/);
    const [file] = await Promise.all([page.waitForEvent('download'), way.click()]);
    const text = readFileSync(await file.path(), 'utf8');
    assert.equal(text.trimEnd().split('\n').length, lines, format);
    assert.match(file.suggestedFilename(), new RegExp(format.toLowerCase() + '$'));
    if (format === 'NDJSON') assert.ok(text.split('\n').filter(Boolean).every((l) => /^\/r\/[12]$/.test(JSON.parse(l).fields.route)));
  }
}

async function keys(page) {
  await page.goto('/logs');
  await rows(page).first().waitFor();
  await page.keyboard.press('?');
  const sheet = page.locator('#keys');
  const said = Object.fromEntries(await sheet.locator('dt').evaluateAll((all) => all.map((dt) => [[...dt.children].map((k) => k.textContent).join(' '), dt.nextElementSibling.textContent])));
  for (const key of ['j k', 'Enter', 'Esc', 'x', 'w', 'c', 'y', 'f', 'r', 'l', 'G', '?']) assert.ok(said[key], `${key} in ${JSON.stringify(said)}`);
}
