// The appliance itself.

import assert from 'node:assert/strict';
import { post, until } from '../tripod.mjs';

export default function status(scene) {
  scene('every scrape target is up', targets);
  scene('a target opens with its labels; text and state narrow the list', oneTarget);
  scene('cardinality leads to the series of a metric', cardinality);
  scene('snippets name this address and can be copied', snippets);
  scene('the log level changes', level);
}

async function targets(page) {
  // a busy machine may miss a scrape; the next one is up again
  await until('every target is up', async () => {
    await page.goto('/status');
    const says = await page.locator('#targets header').innerText();
    const words = await page.locator('#targets tbody .dot').evaluateAll((all) => all.map((d) => d.getAttribute('aria-label')));
    return /\d+ up/.test(says) && !/down/.test(says) && words.length >= 1 && words.every((w) => w === 'up');
  });
  assert.match(await page.locator('#receivers').innerText(), /127\.0\.0\.1:\d+/);
}

async function oneTarget(page) {
  await page.goto('/status/targets');
  const rows = page.locator('#targets tbody tr[data-row]');
  assert.ok((await rows.count()) >= 2, 'our own pages are scraped');
  await page.getByLabel('Find a target').fill('planner');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=planner/);
  assert.equal(await rows.count(), 1);
  await rows.first().locator('a').first().click();
  await page.locator('.tdet').waitFor();
  assert.match(await page.locator('.tdet').innerText(), /__address__/);
  await page.getByRole('group', { name: 'State' }).getByRole('link', { name: /^Down/ }).click();
  await page.getByText('No target matches').waitFor();
  await page.getByRole('link', { name: 'Show all targets' }).click();
  await page.waitForFunction(() => document.querySelectorAll('#targets tbody tr[data-row]').length >= 2);
}

async function cardinality(page) {
  await page.goto('/status');
  await page.locator('#cardinality tbody tr').first().waitFor();
  await page.getByRole('navigation', { name: 'Appliance' }).getByRole('link', { name: 'Cardinality' }).click();
  await page.waitForURL(/\/status\/cardinality/);
  const metrics = page.locator('#top-metrics tbody a');
  const name = await metrics.first().innerText();
  await metrics.filter({ hasText: new RegExp(`^${name}$`) }).click();
  await page.waitForURL((u) => u.pathname === '/graph' && u.searchParams.get('q') === name);
}

async function snippets(page, { origin, context }) {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('/status#send');
  const labels = page.locator('#send .snp > label');
  const n = await labels.count();
  assert.ok(n >= 4, `${n} snippets`);
  let own = 0;
  for (let i = 0; i < n; i++) {
    await labels.nth(i).click();
    const pane = page.locator('#send .pane:visible');
    assert.equal(await pane.count(), 1);
    const code = await pane.locator('pre').innerText();
    if (/127\.0\.0\.1:\d+/.test(code)) own++;
    await pane.getByRole('button', { name: 'Copy' }).click();
    await until('the snippet is copied', async () => (await page.evaluate(() => navigator.clipboard.readText())) === code); // the toast may be of the one before
    await page.locator('#toasts .toast', { hasText: 'Copied' }).waitFor();
  }
  assert.ok(own >= n - 1, `${own} of ${n} name this machine's addresses; origin ${origin}`);
}

async function level(page, { origin }) {
  await page.goto('/status');
  const pressed = () => page.locator('#level [aria-pressed=true]').innerText();
  assert.equal(await pressed(), 'info');
  try {
    await page.locator('#level').getByRole('button', { name: 'debug' }).click();
    await page.locator('#level button[aria-pressed=true]', { hasText: 'debug' }).waitFor();
    await until('lines of level debug arrive', async () => {
      await page.goto('/logs?q=level:debug&from=now-5m');
      return page.locator('#log-rows .lr').count();
    });
    await page.goto('/status');
    await page.locator('#level').getByRole('button', { name: 'info' }).click();
    await page.locator('#level button[aria-pressed=true]', { hasText: 'info' }).waitFor();
  } finally {
    await post(`${origin}/status/log-level`, { level: 'info' });
  }
}
