// The overview, calm and while the planner fails.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { shots, until } from '../tripod.mjs';
import { addTask, breakIt, mend, signUp, text } from './planner.mjs';

export default function overview(scene) {
  scene('a service leads to its traces and errors', links);
  scene('a refresh keeps the focus', focus);
  scene('when the planner fails, the verdict and the newest errors say so', failing, { allow: /status of 50[03]/ });
}

async function links(page) {
  await page.goto('/');
  const row = page.locator('#svc-planner-web');
  const href = await row.locator('a.svc').getAttribute('href');
  assert.match(href, /service=planner-web/);
  await row.locator('a.svc').click();
  await page.waitForURL((u) => u.searchParams.get('service') === 'planner-web');
  await page.goto('/');
  await row.locator('a[title="Slowest traces"]').click();
  await page.waitForURL((u) => u.pathname === '/traces' && u.searchParams.get('service') === 'planner-web');
  await page.locator('#trace-rows tr').first().waitFor();
}

async function focus(page) {
  await page.goto('/?refresh=1');
  const link = page.locator('#svc-planner-web a.svc');
  await link.focus();
  const asked = () => page.waitForResponse((r) => r.request().headers()['x-tripod-refresh'] === '1');
  await asked();
  await asked();
  const refreshed = page.evaluate(() => new Promise((resolve) => document.addEventListener('tripod:refreshed', resolve, { once: true })));
  await refreshed;
  assert.equal(await page.evaluate(() => document.activeElement.closest('tr')?.id), 'svc-planner-web');
}

async function failing(page) {
  await signUp(page, 'Mary');
  await breakIt(page, 'Bad deploy');
  const broken = new Date().toISOString().replace('T', ' ').slice(0, 19);
  try {
    for (let i = 0; i < 12; i++) await addTask(page, text);
    // another scene may have left errors: what is told must be of this fault
    await until('a verdict that names the planner, and errors since it was broken', async () => {
      await page.goto('/');
      if (!/planner-(api|web) fails/.test(await page.locator('.verdict.err h1').allInnerTexts())) return false;
      const rows = page.locator('#errors tbody tr', { hasText: 'planner-api' });
      const last = await rows.locator('td:nth-child(7)').evaluateAll((cells) => cells.map((c) => c.title));
      return last.some((at) => at >= broken);
    });
    for (const theme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme: theme });
      await page.screenshot({ path: join(shots, `overview-failing-${theme}-wide.png`) });
    }
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('#errors tbody a[data-open]').first().click();
    await page.waitForURL((u) => u.pathname === '/logs');
    await page.locator('#log-rows .lr').first().waitFor();
    await page.goto('/alerts?sel=HighErrorRate');
    await page.locator('#alert-chart .achart svg').first().waitFor();
    await page.screenshot({ path: join(shots, 'alerts-failing-dark-wide.png') });
    await page.goto('/traces?result=errors');
    await page.locator('#trace-rows .badge.err').first().waitFor();
    await page.screenshot({ path: join(shots, 'traces-failing-dark-wide.png') });
  } finally {
    await mend(page, 'Bad deploy');
  }
}
