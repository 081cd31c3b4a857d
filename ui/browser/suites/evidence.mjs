// The evidence of an alert: what was frozen when it began to fire, read on its
// own page, to which the Alerts page leads.

import assert from 'node:assert/strict';
import { json, until } from '../tripod.mjs';

// fired has an alert of a built-in rule's name begin to fire, as another
// Prometheus would tell of it, and gives its evidence once it is kept. What a
// busy appliance had no time for is missing there: then another alert fires.
export async function fired(origin, about) {
  for (let n = 1; ; n++) {
    const kept = await firedOnce(origin, n === 1 ? about : `${about}-${n}`);
    const { data } = await json(`${origin}/api/v1/alerts/evidence/${kept.id}`);
    if (!data.missing?.length || n === 5) return kept;
  }
}

async function firedOnce(origin, about) {
  const labels = { alertname: 'HighErrorRate', service_name: 'planner-web', severity: 'page', about };
  const known = async () => {
    const list = await json(`${origin}/api/v1/alerts/evidence?name=HighErrorRate&limit=500`);
    return list.data.find((e) => e.labels.about === about && e.state === 'kept');
  };
  const before = await known();
  if (before) return before;
  const now = new Date();
  const answer = await fetch(`${origin}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels, annotations: { description: 'More than 5 % of requests fail.', runbook_url: 'https://wiki.example/pool', value: '7 %' }, startsAt: now, endsAt: new Date(+now + 3_600_000) }]),
  });
  assert.equal(answer.status, 200);
  return until('the evidence of an alert', known);
}

// failing has the planner fail for a moment, unless it has: before that the
// rule's expression has no value to draw.
export async function failing(origin) {
  const failed = async () => {
    const q = 'sum(rate(http_server_requests_total{service_name="planner-web",http_response_status_code=~"5.."}[5m])) >= 0';
    return (await json(`${origin}/api/v1/query?query=${encodeURIComponent(q)}`)).data.result.length > 0;
  };
  if (await failed()) return;
  const fault = `${origin}/planner/api/v1/faults/bad-deploy`;
  assert.ok((await fetch(fault, { method: 'POST' })).ok);
  try {
    await until('requests that fail', failed, 60_000);
  } finally {
    await fetch(fault, { method: 'DELETE' });
  }
}

export default function evidence(scene) {
  scene('evidence shows the chart, log patterns with lines, and traces', read);
  scene('evidence leads to the lines and to a trace', follow);
  scene('the Alerts page leads to the evidence', lead);
  scene('all evidence is listed, of a rule too, and how it ended', list);
  scene('evidence without a script', read, { script: false });
  scene('evidence that is not there', none, { allow: /status of 404/ });
}

async function read(page, { origin }) {
  await failing(origin);
  const kept = await fired(origin, 'read');
  await page.goto(kept.path);
  assert.equal(await page.locator('.evd h1').innerText(), 'HighErrorRate');
  assert.match(await page.locator('.evd .verdict').innerText(), /it was 7 %, above 5 %/);
  assert.match(await page.locator('#alert-chart code').innerText(), /http_server_requests_total/);
  await page.locator('#alert-chart .achart svg').waitFor();
  const pattern = page.locator('#evidence-logs details').nth(1);
  await pattern.locator('summary').click();
  await pattern.locator('.exl li').first().waitFor();
  const trace = page.locator('#evidence-traces details').nth(1);
  assert.equal(await trace.locator('.evs li').first().isVisible(), false);
  await trace.locator('summary .name').click();
  await trace.locator('.evs li .lane i').first().waitFor();
}

async function follow(page, { origin }) {
  const kept = await fired(origin, 'follow');
  await page.goto(kept.path);
  await page.locator('#evidence-logs details').first().getByRole('link', { name: 'These lines in logs' }).click();
  await page.waitForURL((u) => u.pathname === '/logs' && u.searchParams.get('q').startsWith('msg.pattern:'));
  await page.locator('#log-rows .lr').first().waitFor();
  await page.goBack();
  const id = page.locator('#evidence-traces summary a').first();
  const shown = await id.innerText();
  await id.click();
  await page.waitForURL((u) => u.pathname.startsWith('/traces/' + shown));
  await page.locator('.wr .barw').first().waitFor();
}

async function lead(page, { origin }) {
  const kept = await fired(origin, 'lead');
  await page.goto('/alerts?sel=HighErrorRate&from=now-1h');
  const episode = page.locator('#alert-why .ep', { hasText: 'about=' + kept.labels.about });
  await episode.getByRole('link', { name: 'Evidence' }).click();
  await page.waitForURL((u) => u.pathname === kept.path);
  await page.locator('.evd .verdict').waitFor();
  await page.locator('.crumbs').getByRole('link', { name: 'HighErrorRate' }).click();
  await page.waitForURL((u) => u.pathname === '/alerts');
}

async function list(page, { origin }) {
  const kept = await fired(origin, 'list');
  const tell = (endsAt) => fetch(`${origin}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels: kept.labels, annotations: kept.annotations, startsAt: kept.firedAt, endsAt }]),
  });
  assert.equal((await tell(new Date())).status, 200);
  await until('the end is kept', async () => (await json(`${origin}/api/v1/alerts/evidence/${kept.id}`)).data.endedAt);
  await page.goto('/alerts');
  await page.getByRole('link', { name: 'All evidence' }).click();
  await page.waitForURL((u) => u.pathname === '/alerts/evidence');
  const row = page.locator(`.evr:has(a[href="${kept.path}"])`);
  await row.locator('.dot[title=over]').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('Nobody');
  await page.keyboard.press('Enter');
  await page.getByText('No evidence of Nobody').waitFor();
  await page.getByRole('link', { name: 'Show all evidence' }).click();
  await row.getByRole('link', { name: 'HighErrorRate' }).click();
  await page.waitForURL((u) => u.pathname === kept.path);
  await page.locator('.evd .verdict', { hasText: /It ended at/ }).waitFor();
}

async function none(page) {
  const answer = await page.goto('/alerts/evidence/000000000000000000000000');
  assert.equal(answer.status(), 404);
  assert.match(await page.locator('#main').innerText(), /Not found/);
}
