// The frame around every screen: theme, time, keys, palette, narrow navigation.

import assert from 'node:assert/strict';
import { until } from '../tripod.mjs';
import { aTrace } from './screens.mjs';

const query = (page) => new URL(page.url()).searchParams;
const path = (page) => new URL(page.url()).pathname;
const at = (wanted) => (url) => url.pathname === wanted;

export default function shell(scene) {
  scene('the theme that is chosen stays after a reload', theme);
  scene('the time popover puts from and to into the address, and links carry them', timeRange);
  scene('a time that cannot be read is named', wrongTime);
  scene('keys: g l, /, ?, [, ], z', keys);
  scene('Ctrl K goes to a screen, opens a pasted trace and searches', palette);
  scene('the scope limits a screen to a service and follows to the next', scope);
  scene('at 390 px the navigation is at the bottom and works', bottom, { size: 'narrow' });
  scene('what does not exist says so in the frame', missing, { allow: /status of 404/ });
}

async function theme(page) {
  await page.goto('/');
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.getByRole('button', { name: 'Theme' }).click();
  const light = await ground();
  assert.notEqual(light, dark);
  await page.reload();
  assert.equal(await ground(), light);
  await page.goto('/logs');
  assert.equal(await ground(), light, 'on another screen');
}

async function timeRange(page) {
  await page.goto('/logs');
  await page.locator('#timepick .range').click();
  const pop = page.locator('#time-pop');
  await pop.getByLabel('From').fill('now-30m');
  await pop.getByLabel('To', { exact: true }).fill('now');
  await pop.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL((u) => u.searchParams.get('from') === 'now-30m');
  assert.match(await page.locator('#timepick .range b').innerText(), /30 min/);
  await page.locator('.nav a.n', { hasText: 'Traces' }).click();
  await page.waitForURL(at('/traces'));
  assert.equal(query(page).get('from'), 'now-30m', 'carried to Traces');
  await page.locator('#timepick .range').click();
  await pop.locator('a.opt', { hasText: '15 min' }).first().click();
  await page.waitForURL((u) => u.searchParams.get('from') === 'now-15m');
}

async function wrongTime(page) {
  await page.goto('/logs?from=yesteryear');
  assert.match(await page.locator('#main .callout').innerText(), /time range could not be read.*yesteryear/i);
}

async function keys(page) {
  await page.goto('/?from=now-10m');
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page.waitForURL(at('/logs'));
  assert.equal(query(page).get('from'), 'now-10m', 'carried');

  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'q');
  await page.keyboard.type('g');
  assert.equal(await page.locator('#q').inputValue(), 'g', 'typing keeps its keys');
  await until('the box is left', async () => {
    await page.keyboard.press('Escape'); // the first one closes the completions, if they have come
    return page.evaluate(() => document.activeElement.id !== 'q');
  });

  await page.keyboard.press('?');
  await page.locator('#keys[open]').waitFor();
  assert.match(await page.locator('#keys dl').innerText(), /earlier, later, zoom out/);
  await page.keyboard.press('Escape');
  await page.locator('#keys').waitFor({ state: 'hidden' });

  const range = () => page.locator('#timepick').evaluate((el) => [Number(el.dataset.from), Number(el.dataset.to)]);
  const moved = async (key) => {
    const before = await range();
    const was = page.url();
    await page.keyboard.press(key);
    await page.waitForURL((u) => u.href !== was);
    return [before, await range()];
  };
  let [before, after] = await moved('[');
  assert.ok(after[1] < before[1] && after[0] < before[0], `[ goes earlier: ${before} → ${after}`);
  [before, after] = await moved(']');
  assert.ok(after[0] > before[0], `] goes later: ${before} → ${after}`);
  [before, after] = await moved('z');
  assert.ok(after[1] - after[0] > 1.5 * (before[1] - before[0]), `z zooms out: ${before} → ${after}`);
}

async function palette(page, { origin }) {
  const id = await aTrace(origin);
  const type = async (text) => {
    await page.keyboard.press('Control+k');
    await page.locator('#palette[open]').waitFor();
    await page.keyboard.type(text);
  };
  await page.goto('/');
  await type('metr');
  assert.equal(await page.locator('#palette-list .opt.on').innerText(), 'Metrics');
  await page.keyboard.press('Enter');
  await page.waitForURL(at('/graph'));

  await type(id);
  assert.match(await page.locator('#palette-list .opt.on').innerText(), new RegExp('Open trace ' + id.slice(0, 8)));
  await page.keyboard.press('Enter');
  await page.waitForURL(at('/traces/' + id));

  await type('task created');
  await page.keyboard.press('Enter');
  await page.waitForURL(at('/logs'));
  assert.equal(query(page).get('q'), '"task created"');

  await page.keyboard.press('Control+k');
  await page.keyboard.press('Escape');
  await page.locator('#palette').waitFor({ state: 'hidden' });
}

async function scope(page) {
  await page.goto('/logs');
  await page.keyboard.press('s');
  await page.locator('#scope-pop').getByPlaceholder('Find a service').fill('planner-w');
  assert.equal(await page.locator('#scope-pop .opt[data-name]:visible').count(), 1);
  await page.locator('#scope-pop a', { hasText: 'planner-web' }).click();
  await page.waitForURL((u) => u.searchParams.get('service') === 'planner-web');
  const services = await page.locator('#log-rows .lr .svc').allInnerTexts();
  assert.deepEqual([...new Set(services)], ['planner-web']);
  await page.locator('.nav a.n', { hasText: 'Traces' }).click();
  await page.waitForURL(at('/traces'));
  assert.equal(query(page).get('service'), 'planner-web');
}

async function bottom(page) {
  await page.goto('/');
  const box = await page.locator('.nav').boundingBox();
  assert.ok(box.y + box.height > 840 && box.height < 100, `at the bottom: ${JSON.stringify(box)}`);
  for (const [name, wanted] of [['Logs', '/logs'], ['Metrics', '/graph'], ['Traces', '/traces'], ['Alerts', '/alerts'], ['Planner', '/planner/']]) {
    await page.locator('.nav a.n', { hasText: name }).tap();
    await page.waitForURL(at(wanted));
    if (wanted === '/planner/') break;
    assert.equal(await page.locator('.nav [aria-current=page]').innerText().then((t) => t.trim()), name);
  }
}

async function missing(page) {
  const answer = await page.goto('/nothing-here');
  assert.equal(answer.status(), 404);
  assert.match(await page.locator('body').innerText(), /not found|no such|nothing/i);
  assert.equal(path(page), '/nothing-here');
}
