// The lines: opening, ordering, wrapping, and going on from them.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { shots } from '../tripod.mjs';
import { tooSmall } from './screens.mjs';

const q = (page) => new URL(page.url()).searchParams.get('q') ?? '';
const rows = (page) => page.locator('#log-rows .lr');

export default function logs(scene) {
  scene('a row opens by click and by j and Enter; only narrows; View trace leads there', openRow);
  scene('at 390 px an open line has its fields and actions in reach', openNarrow, { size: 'narrow' });
  scene('oldest first, and older rows below', paging);
  scene('wrapping lines stays in the address', wrap);
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
