// The services: who calls whom, what one of them does, and where that leads.

import assert from 'node:assert/strict';

export default function services(scene) {
  scene('the map shows who calls whom, and an edge leads to such traces', map);
  scene('a service is chosen and left again, by mouse and by keys', choose);
  scene('at 390 px the map can be pushed aside, and the calls are read as a table', narrow, { size: 'narrow' });
}

async function map(page) {
  await page.goto('/services?view=map');
  for (const name of ['Outside', 'planner-web', 'planner-api', 'streak-worker', 'planner (sqlite)', 'redis']) {
    await page.locator('.nd', { hasText: name }).waitFor();
  }
  const edge = page.locator('.el[title^="planner-web to planner-api"]');
  assert.match(await edge.innerText(), /^[\d.,]+\/s/);
  assert.match(await page.locator('.el[title^="planner-api to streak-worker"]').innerText(), /queue|%/);
  await page.getByRole('link', { name: 'p95', exact: true }).click();
  await page.waitForURL((u) => u.searchParams.get('edges') === 'p95');
  assert.match(await edge.innerText(), /[\d.]+ (µs|ms|s)$/);
  await edge.click();
  await page.waitForURL((u) => u.pathname === '/traces' && u.searchParams.get('tags')?.includes('"planner-web" } > {'));
  await page.locator('#trace-rows tr').first().waitFor();
}

async function choose(page) {
  await page.goto('/');
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.waitForURL((u) => u.pathname === '/services');
  await page.locator('#svc-planner-api a.svc').click();
  await page.waitForURL((u) => u.searchParams.get('sel') === 'planner-api');
  await page.locator('#operations tbody tr').first().waitFor();
  await page.locator('.nd.on', { hasText: 'planner-api' }).waitFor();
  await page.locator('#operations').getByRole('link', { name: 'Close' }).click();
  await page.waitForURL((u) => !u.searchParams.get('sel'));
  await page.locator('#operations').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: '1 week' }).click();
  await page.waitForURL((u) => u.searchParams.get('against') === '1w');
  await page.getByText('There is nothing to compare with: no requests 1 week before.').waitFor();
}

async function narrow(page) {
  await page.goto('/services');
  const held = page.locator('.mapx');
  await held.evaluate((el) => el.scrollTo(el.scrollWidth, 0));
  assert.ok((await held.evaluate((el) => el.scrollLeft)) > 200, 'the map can be pushed aside');
  await page.locator('.calls summary').tap();
  const row = page.locator('.calls tbody tr', { hasText: 'planner-web' }).filter({ hasText: 'planner-api' });
  await row.waitFor();
  await row.getByRole('link', { name: 'Traces' }).tap();
  await page.waitForURL((u) => u.pathname === '/traces');
}
