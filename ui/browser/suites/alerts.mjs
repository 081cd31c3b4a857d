// Alert rules.

import assert from 'node:assert/strict';
import { failing } from './evidence.mjs';

export default function alerts(scene) {
  scene('the built-in rule is listed; selecting it shows expression and chart', rule);
  scene('finding a rule, and one that is not there', find);
  scene('quiet rules say what they measure; states limit the list', quiet);
  scene('the back-test runs by itself, and stays through a refresh', backtest);
  scene('a refresh that shows another rule tests that one', another);
}

async function rule(page, { origin }) {
  await failing(origin);
  await page.goto('/alerts');
  await page.locator('#rule-HighErrorRate').click();
  await page.waitForURL((u) => u.searchParams.get('sel') === 'HighErrorRate');
  assert.equal(await page.locator('.ad h1').innerText(), 'HighErrorRate');
  const chart = page.locator('#alert-chart');
  assert.match(await chart.locator('code').innerText(), /http_server_requests_total/);
  await chart.locator('.achart svg').first().waitFor();
  await chart.getByRole('link', { name: 'Open in metrics' }).click();
  await page.waitForURL((u) => u.pathname === '/graph');
  assert.match(await page.locator('#graph-form .q').first().inputValue(), /http_server_requests_total/);
}

async function find(page) {
  await page.goto('/alerts');
  await page.keyboard.press('/');
  await page.keyboard.type('higherror');
  assert.equal(await page.locator('.alist .ai:visible').count(), 1);
  await page.keyboard.type('xyz');
  assert.equal(await page.locator('.alist .ai:visible').count(), 0);
  await page.goto('/alerts?sel=Nobody');
  assert.match(await page.locator('.ad').innerText(), /no rule Nobody/);
}

async function quiet(page) {
  await page.goto('/alerts');
  const disk = page.locator('#rule-HostMemoryLow');
  await disk.locator('.v', { hasText: /\d %/ }).waitFor();
  assert.match(await disk.innerText(), /not below 8 %/);
  await page.locator('.atabs a', { hasText: 'Quiet' }).click();
  await page.waitForURL((u) => u.searchParams.get('state') === 'quiet');
  await page.locator('#alert-items h3', { hasText: 'Quiet' }).waitFor();
  assert.equal(await page.locator('#alert-items h3').count(), 1);
  await page.locator('.atabs a.on').click();
  await page.waitForURL((u) => !u.searchParams.has('state'));
}

async function backtest(page) {
  await page.goto('/alerts?sel=HostMemoryLow');
  const test = page.locator('#alert-test');
  await test.locator('.verdictline', { hasText: 'in 7 days' }).waitFor();
  assert.equal(new URL(page.url()).search, '?sel=HostMemoryLow');
  await test.getByText('24 hours').click();
  await test.locator('.verdictline', { hasText: 'in 24 hours' }).waitFor();
  await test.locator('#alert-threshold').fill('99.5 %');
  await test.getByRole('button', { name: 'Test it' }).click();
  await test.locator('tr.on td', { hasText: '99.5 %' }).waitFor();
  await page.waitForURL((u) => u.searchParams.get('threshold') === '99.5 %' && u.searchParams.get('test') === '1d' && u.pathname === '/alerts');
  const node = await test.elementHandle();
  await page.evaluate(() => (document.querySelector('#crumbs').dataset.old = '1'));
  await page.keyboard.press('r');
  await page.waitForFunction(() => !document.querySelector('#crumbs').dataset.old);
  assert.ok(await node.evaluate((el) => el.isConnected && !!el.querySelector('.verdictline')), 'the refresh leaves it');
  await page.reload();
  await test.locator('tr.on td', { hasText: '99.5 %' }).waitFor();
}

async function another(page) {
  await page.goto('/alerts?sel=HostMemoryLow');
  const test = page.locator('#alert-test');
  await test.locator('.verdictline').waitFor();
  await page.evaluate(() => history.replaceState(null, '', '/alerts?sel=HighErrorRate')); // as when it becomes the most urgent one
  await page.keyboard.press('r');
  await page.locator('.ad h1', { hasText: 'HighErrorRate' }).waitFor();
  await test.locator('[name=sel][value=HighErrorRate]').waitFor({ state: 'attached' });
  await test.locator('.verdictline').waitFor();
  assert.equal(await test.locator('[name=sel]').count(), 1);
}
