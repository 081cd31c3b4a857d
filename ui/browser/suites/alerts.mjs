// Alert rules. They come after the planner has failed: before that the rule's
// expression has no value to draw.

import assert from 'node:assert/strict';

export default function alerts(scene) {
  scene('the built-in rule is listed; selecting it shows expression and chart', rule);
  scene('finding a rule, and one that is not there', find);
}

async function rule(page) {
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
