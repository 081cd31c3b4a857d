// Asking for lines: the query, the fields, the volume, and what is not found.

import assert from 'node:assert/strict';

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

export default function logsQuery(scene) {
  scene('a query and Enter: the address has it, the rows match, Back returns', query);
  scene('a field’s value narrows and widens again', facet);
  scene('a broken query names the position and keeps the rows', broken);
  scene('brushing the volume zooms', brush);
  scene('nothing matches: says so, with a way out', empty);
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

async function empty(page) {
  await page.goto('/logs');
  await searched(page, 'level:info unheard-of-word');
  const says = page.locator('.lines .empty');
  await says.waitFor();
  assert.match(await says.innerText(), /unheard-of-word/);
  assert.equal(await rows(page).count(), 0);
}
