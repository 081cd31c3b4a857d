// Searching lines and going on from them.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { shots } from '../tripod.mjs';
import { tooSmall } from './screens.mjs';

const q = (page) => new URL(page.url()).searchParams.get('q') ?? '';
const rows = (page) => page.locator('#log-rows .lr');
const texts = (page) => page.locator('#log-rows .lr .msg').allInnerTexts();

async function search(page, text) {
  await page.locator('#q').fill(text);
  await page.keyboard.press('Enter');
}

async function searched(page, text) {
  await search(page, text);
  await page.waitForURL((u) => (u.searchParams.get('q') ?? '') === text);
}

export default function logs(scene) {
  scene('a query and Enter: the address has it, the rows match, Back returns', query);
  scene('a row opens by click and by j and Enter; only narrows; View trace leads there', openRow);
  scene('at 390 px an open line has its fields and actions in reach', openNarrow, { size: 'narrow' });
  scene('a field’s value narrows and widens again', facet);
  scene('a broken query names the position and keeps the rows', broken);
  scene('brushing the volume zooms', brush);
  scene('oldest first, and older rows below', paging);
  scene('nothing matches: says so, with a way out', empty);
  scene('wrapping lines stays in the address', wrap);
}

async function query(page) {
  await page.goto('/logs');
  await rows(page).first().waitFor();
  await searched(page, '"task created"');
  await page.waitForFunction(() => [...document.querySelectorAll('#log-rows .lr .msg')].every((m) => m.textContent.includes('task created')));
  assert.ok((await texts(page)).length > 0);
  await searched(page, 'service:streak-worker');
  await page.waitForFunction(() => [...document.querySelectorAll('#log-rows .lr .svc')].every((m) => m.textContent === 'streak-worker'));
  await page.goBack();
  await page.waitForURL((u) => u.searchParams.get('q') === '"task created"');
  await page.waitForFunction(() => [...document.querySelectorAll('#log-rows .lr .msg')].every((m) => m.textContent.includes('task created')));
  assert.equal(await page.locator('#q').inputValue(), '"task created"');
}

async function openRow(page) {
  await page.goto('/logs?q=service:planner-api');
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
  assert.ok(q(page).startsWith('service:planner-api ') && q(page).includes(value), q(page));

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

async function facet(page) {
  await page.goto('/logs');
  const box = page.locator('.fac[data-name=service] .fv', { hasText: 'streak-worker' });
  await box.click();
  await page.waitForURL((u) => u.searchParams.has('q'));
  await page.locator('.fac[data-name=service] .fv[aria-checked=true]', { hasText: 'streak-worker' }).waitFor();
  const narrowed = q(page);
  const services = await page.locator('#log-rows .lr .svc').allInnerTexts();
  const ticked = await page.locator('.fac[data-name=service] .fv[aria-checked=true]').evaluateAll((all) => all.map((el) => el.querySelector('.clip').textContent));
  assert.deepEqual([...new Set(services)].filter((s) => !ticked.includes(s)), [], `${narrowed} shows what is ticked only`);
  await box.click();
  await page.waitForURL((u) => (u.searchParams.get('q') ?? '') !== narrowed);
  await page.goBack();
  await page.waitForURL((u) => u.searchParams.get('q') === narrowed);
}

async function broken(page) {
  await page.goto('/logs');
  await rows(page).first().waitFor();
  const before = await rows(page).first().getAttribute('id');
  await search(page, 'level:>= (oops');
  const says = page.locator('#q-msg .qmsg');
  await says.waitFor();
  assert.match(await says.innerText(), /position \d+/);
  assert.equal(await page.locator(`[id="${before}"]`).count(), 1, 'the rows stay');
  assert.equal(q(page), '', 'the address stays');
  await searched(page, 'level:info');
  await says.waitFor({ state: 'detached' });
}

async function brush(page) {
  await page.goto('/logs?from=now-15m');
  const plot = page.locator('.lhist .plot');
  const box = await plot.boundingBox();
  const y = box.y + 6;
  await page.mouse.move(box.x + box.width * 0.5, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, y);
  await page.mouse.move(box.x + box.width * 0.98, y);
  await page.mouse.up();
  const menu = page.locator('.brush-menu');
  await menu.waitFor();
  assert.ok(await menu.getByRole('link', { name: 'Traces' }).isVisible());
  await menu.getByRole('link', { name: 'Zoom' }).click();
  await page.waitForURL((u) => /^\d{13}$/.test(u.searchParams.get('from')));
  const p = new URL(page.url()).searchParams;
  const width = (Number(p.get('to')) - Number(p.get('from'))) / 60_000;
  assert.ok(width > 6 && width < 8, `48 % of 15 min: ${width}`);
}

async function paging(page) {
  await page.goto('/logs');
  const first = await rows(page).count();
  assert.equal(first, 200);
  const more = page.locator('#log-more a');
  assert.match(await more.innerText(), /older/);
  await more.click();
  await page.waitForFunction((n) => document.querySelectorAll('#log-rows .lr').length > n, first);
  const ids = await rows(page).evaluateAll((all) => all.map((r) => r.id));
  assert.equal(new Set(ids).size, ids.length, 'no line twice');

  const exact = (list) => list.locator('time').evaluateAll((all) => all.map((t) => t.textContent));
  const newest = await exact(page.locator('#log-rows'));
  assert.deepEqual(newest, [...newest].sort().reverse(), 'newest first');
  await page.getByRole('link', { name: 'Oldest' }).click();
  await page.waitForURL((u) => u.searchParams.get('sort') === 'oldest');
  const oldest = await exact(page.locator('#log-rows'));
  assert.deepEqual(oldest, [...oldest].sort(), 'oldest first');
}

async function empty(page) {
  await page.goto('/logs');
  await searched(page, 'level:info unheard-of-word');
  const says = page.locator('.lines .empty');
  await says.waitFor();
  assert.match(await says.innerText(), /unheard-of-word/);
  assert.equal(await rows(page).count(), 0);
}

async function wrap(page) {
  await page.goto('/logs');
  await page.keyboard.press('w');
  await page.locator('#log-rows.wrapped').waitFor();
  assert.equal(new URL(page.url()).searchParams.get('wrap'), '1');
  await page.reload();
  await page.locator('#log-rows.wrapped').waitFor();
  await page.keyboard.press('w');
  await page.locator('#log-rows:not(.wrapped)').waitFor();
}
