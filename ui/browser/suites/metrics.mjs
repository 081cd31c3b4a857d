// Asking metrics in PromQL.

import assert from 'node:assert/strict';
import { json, until } from '../tripod.mjs';

const box = (page, i = 0) => page.locator('#graph-form [data-query] .ed .cm-content').nth(i);
const written = async (page, i = 0) => (await box(page, i).innerText()).replaceAll('\u200b', '');
const has = (text) => (u) => u.searchParams.getAll('q').includes(text);

export default function metrics(scene) {
  scene('the first chart has lines and a legend; another query replaces them', ask);
  scene('PromQL that cannot be read says where, and the chart stays', broken);
  scene('a metric of the browser comes into the query', insert);
  scene('an exemplar leads to its trace', exemplar);
  scene('a formula computes with its queries; hiding and removing them keeps it', formula);
  scene('the editor completes from the data, underlines faults and keeps the place', complete);
  scene('views draw the same numbers in other ways', views);
  scene('without a script a form asks', plain, { script: false });
  scene('all points of all series as CSV', csv);
  scene('a histogram is a heat map', heatmap);
  scene('chart and legend have the numbers of query_range', same);
  scene('a refresh leaves the editor and what is written in it', drafts);
  scene('a slow question says so and can be stopped', slow, { allow: /abort|htmx:afterRequest/i });
  scene('dragging over the chart offers the same time elsewhere', brush);
  scene('lines can be switched off; the cross-hair follows the keys', lines);
}

async function ask(page) {
  await page.goto('/graph');
  await page.locator('#graph canvas').waitFor();
  assert.ok((await page.locator('#legend tbody tr').count()) >= 2, 'a row a service');
  assert.ok(await painted(page), 'something is drawn');
  const text = 'sum(rate(http_server_request_duration_seconds_count[20s]))';
  await box(page).fill(text);
  await page.keyboard.press('Control+Enter');
  await page.waitForURL(has(text));
  await page.waitForFunction(() => document.querySelectorAll('#legend tbody tr').length === 1);
  await page.locator('#graph canvas').waitFor();
  assert.ok(await painted(page), 'the new line is drawn');
}

// painted says whether the canvas has anything but its ground.
const painted = (page) =>
  until('a canvas with something on it', () =>
    page.locator('#graph canvas').evaluate((c) => {
      if (!c.width || !c.height) return false;
      const px = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      for (let i = 3; i < px.length; i += 4) if (px[i] > 0) return true;
      return false;
    }),
  );

async function broken(page) {
  await page.goto('/graph');
  await page.locator('#graph canvas').waitFor();
  const url = page.url();
  await box(page).fill('sum(rate(http_server_request');
  await page.keyboard.press('Control+Enter');
  const says = page.locator('#q-msg .qmsg');
  await says.waitFor();
  assert.match(await says.innerText(), /unclosed|unexpected|parse/i);
  assert.equal(await page.locator('#graph canvas').count(), 1, 'the chart stays');
  assert.equal(page.url(), url);
}

async function insert(page) {
  await page.goto('/graph');
  const find = page.getByLabel('Find a metric');
  await find.fill('go_goroutines');
  const item = page.locator('.mb .mg:visible .mi').first();
  const name = (await item.locator('.mono').innerText()).trim();
  assert.match(name, /go_goroutines/);
  await item.click();
  await page.waitForURL((u) => u.searchParams.getAll('q').some((q) => q.includes(name)));
  assert.match(await written(page), new RegExp(name));
  await page.locator('#legend tbody tr').first().waitFor();
}

async function exemplar(page) {
  const text = 'histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket[20s])))';
  await page.goto('/graph?q=' + encodeURIComponent(text));
  const diamond = page.locator('#graph a.ex').first();
  await diamond.waitFor();
  const href = await diamond.getAttribute('href');
  assert.match(href, /^\/traces\/[0-9a-f]{32}/);
  await diamond.dispatchEvent('click');
  await page.waitForURL((u) => u.pathname === href.split('?')[0]);
  await page.locator('.wr .barw').first().waitFor();
}

async function lines(page) {
  await page.goto('/graph');
  const button = page.locator('#legend [data-act=series]').first();
  await page.locator('#graph canvas').waitFor();
  await button.click();
  assert.equal(await button.getAttribute('aria-pressed'), 'false');
  await page.locator('#graph .plot').focus();
  await page.keyboard.press('ArrowLeft');
  await page.locator('#graph .tip').waitFor();
  assert.match(await page.locator('#graph .tip').innerText(), /\d\d:\d\d:\d\d UTC/);
}

async function formula(page) {
  const q = ['sum(rate(http_server_request_duration_seconds_sum[10s]))', 'sum(rate(http_server_request_duration_seconds_count[10s]))'];
  await page.goto('/graph?' + new URLSearchParams(q.map((text) => ['q', text])));
  await page.locator('.mt a', { hasText: 'Formula' }).click();
  await page.waitForURL(has('A / B'));
  await page.waitForFunction(() => document.querySelectorAll('#legend tbody tr').length === 3);
  assert.equal(await written(page, 2), 'A / B');
  await page.getByLabel('Hide A', { exact: true }).click();
  await page.waitForFunction(() => document.querySelectorAll('#legend tbody tr').length === 2);
  await page.getByLabel('Remove A', { exact: true }).click();
  await page.waitForURL(has(`(${q[0]}) / A`));
  await page.waitForFunction(() => document.querySelectorAll('#legend tbody tr').length === 2);
  await page.goBack();
  await page.waitForFunction(() => document.querySelectorAll('#graph-form .mbox').length === 3);
  await page.goto('/graph?q=' + encodeURIComponent('up / Z'));
  assert.match(await page.locator('#q-msg .qmsg').innerText(), /There is no query Z at position 6/);
}

async function complete(page) {
  await page.goto('/graph?q=up');
  await box(page).click();
  await page.keyboard.press('Control+A');
  const asked = [];
  page.on('request', (r) => asked.push(new URL(r.url()).searchParams.get('query')));
  await page.keyboard.type('sum by (service_na');
  await page.locator('.cm-tooltip-autocomplete li[aria-selected]', { hasText: 'service_name' }).waitFor();
  await page.keyboard.press('Control+A');
  let rest = 0; // ms, the longest between two keys
  for (const key of 'sum(rate(http_server_request_duration_seconds_cou') {
    const before = performance.now();
    await page.keyboard.type(key);
    rest = Math.max(rest, performance.now() - before);
  }
  const option = page.locator('.cm-tooltip-autocomplete:not(.cm-tooltip-autocomplete-disabled) li[aria-selected]', { hasText: 'http_server_request_duration_seconds_count' });
  await option.first().waitFor();
  await page.locator('.cm-about', { hasText: /\d+ series; histogram; ask for its rate/ }).waitFor();
  await page.locator('.cm-about svg .ln').waitFor();
  // at a name where a busy machine rested for longer than 150 ms it is asked for
  const counts = asked.filter((q) => /^count\(/.test(q ?? '') && (rest < 150 || q.includes('seconds_count')));
  assert.deepEqual(counts, ['count(http_server_request_duration_seconds_count)'], 'labels are no metrics, and a name that is passed is not asked for');
  await page.keyboard.press('Tab');
  await until('the name is completed', async () => (await written(page)).includes('seconds_count'));
  await page.locator('.cm-lintRange-error, .cm-lintPoint-error').first().waitFor(); // two parentheses are open
  assert.match(await page.locator('.mbox.draft .mdraft').innerText(), /not run yet/);
  await page.keyboard.press('Escape');
  await box(page).fill('sum(rate(http_server_request_dur');
  await page.keyboard.press('Escape');
  await page.locator('.mg[data-name="http_server_request_duration_seconds"] .mi').click();
  await until('what was begun is the whole name', async () => (await written(page)).includes('rate(http_server_request_duration_seconds_bucket'));
  await box(page).fill('sum(rate(http_server_request_duration_seconds_count[$__rate]))');
  await page.keyboard.press('Control+Enter');
  await page.waitForURL(has('sum(rate(http_server_request_duration_seconds_count[$__rate]))'));
  await page.locator('#graph canvas').waitFor();
  await until('the editor has the focus again', () => page.evaluate(() => !!document.activeElement?.closest('.ed')));
  assert.equal(await page.locator('.cm-lintRange-error').count(), 0);
}

async function views(page) {
  const q = encodeURIComponent('sum by (service_name) (rate(http_server_request_duration_seconds_count[10s]))');
  for (const view of ['area', 'stacked', 'bars', 'lines']) {
    await page.goto(`/graph?q=${q}&view=${view === 'lines' ? '' : view}`);
    await page.locator('#graph canvas').waitFor();
    assert.ok(await painted(page), view);
  }
  await page.locator('.seg a', { hasText: 'Log' }).click();
  await page.waitForURL((u) => u.searchParams.get('y') === 'log');
  await page.locator('#graph canvas').waitFor();
  assert.ok(await painted(page), 'log');
  await page.locator('.seg a', { hasText: 'Table' }).click();
  await page.locator('.mtab tbody tr').first().waitFor();
  assert.match(await page.locator('.mtab thead').innerText(), /service_name/);
}

async function plain(page) {
  await page.goto('/graph?q=up');
  await page.locator('#graph-form textarea').fill('sum(up)');
  await page.getByRole('button', { name: 'Run' }).click();
  await page.waitForURL(has('sum(up)'));
  assert.equal(await page.locator('#legend tbody tr').count(), 1);
  assert.ok((await page.locator('#graph svg .ln').getAttribute('d')).length > 5, 'drawn by the server');
}

async function csv(page) {
  await page.goto('/graph?q=up');
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('.mt a', { hasText: 'CSV' }).click()]);
  const text = await (await file.createReadStream()).toArray();
  const rows = Buffer.concat(text).toString().trim().split('\n');
  assert.equal(rows[0], 'query,series,time,value');
  assert.match(rows[1], /^A,"\{__name__=""up"",.*",20\d\d-.*Z,[01]$/);
}

async function heatmap(page) {
  const q = 'histogram_quantile(0.95, sum by (le, service_name) (rate(http_server_request_duration_seconds_bucket[10s])))';
  await page.goto('/graph?view=heatmap&q=' + encodeURIComponent(q));
  await page.locator('#graph canvas').waitFor();
  assert.ok((await page.locator('#graph svg .heat').evaluateAll((all) => all.map((p) => p.getAttribute('d')).join(''))).length > 20, 'cells');
  assert.match(await page.locator('#legend tbody').innerText(), /ms – /);
  await page.locator('#graph .plot').focus();
  await page.keyboard.press('End');
  assert.match(await page.locator('#graph .tip').innerText(), / – /);
}

async function same(page, { origin }) {
  const text = 'sum by (service_name) (rate(http_server_request_duration_seconds_count[10s]))';
  await until('points in a range that has ended', async () => {
    const to = Math.floor(Date.now() / 10_000) * 10 - 10;
    await page.goto(`/graph?from=${(to - 120) * 1000}&to=${to * 1000}&q=${encodeURIComponent(text)}`);
    return (await page.locator('#graph').count()) > 0;
  });
  const data = JSON.parse(await page.locator('#graph').getAttribute('data-graph'));
  const api = await json(`${origin}/api/v1/query_range?` + new URLSearchParams({ query: text, start: data.from, end: data.to, step: data.step }));
  assert.equal(data.series.length, api.data.result.length);
  for (const s of api.data.result) {
    const mine = data.series.find((l) => l.name === s.metric.service_name);
    const want = new Map(s.values.map(([t, v]) => [t, Number(v)]));
    assert.deepEqual(mine.values, data.times.map((t) => want.get(t) ?? null), s.metric.service_name);
    const row = page.locator('#legend tbody tr', { hasText: s.metric.service_name });
    const most = Math.max(...want.values());
    const said = Number((await row.locator('td').nth(6).innerText()).replace(/[^\d.]/g, ''));
    assert.ok(Math.abs(said - most) <= most * 0.005, `${said} for ${most}`);
  }
}

async function drafts(page) {
  await page.goto('/graph?q=up');
  await page.locator('#graph canvas').waitFor();
  await box(page).click();
  await page.keyboard.press('End');
  const asked = page.waitForResponse((r) => r.request().headers()['x-tripod-refresh'] === '1');
  await page.locator('#timepick [data-act=refresh]').first().dispatchEvent('click');
  await asked;
  await page.locator('#graph canvas').waitFor();
  await page.keyboard.type(' + 1');
  await until('the words go on where they were', async () => (await written(page)) === 'up + 1');
  await page.locator('.mbox.draft').waitFor();
}

async function slow(page) {
  await page.goto('/graph?q=up');
  await page.locator('#graph canvas').waitFor();
  await page.route((u) => u.searchParams.getAll('q').includes('vector(42)') && u.pathname === '/graph', () => {}); // never answered
  await box(page).fill('vector(42)');
  await page.keyboard.press('Control+Enter');
  await page.locator('.mprog [role=status]', { hasText: 'Asked' }).waitFor();
  await page.getByRole('button', { name: /^Stop/ }).click();
  await page.locator('.mprog').waitFor({ state: 'hidden' });
  assert.equal(await page.locator('#graph canvas').count(), 1, 'the answer before it stays');
}

async function brush(page) {
  await page.goto('/graph?from=now-5m&q=up');
  await page.locator('#graph canvas').waitFor();
  const at = await page.locator('#graph .plot').boundingBox();
  await page.mouse.move(at.x + at.width * 0.4, at.y + at.height / 2);
  await page.mouse.down();
  await page.mouse.move(at.x + at.width * 0.6, at.y + at.height / 2, { steps: 4 });
  await page.mouse.up();
  const logs = page.locator('.brush-menu a', { hasText: 'Logs' });
  assert.match(await logs.getAttribute('href'), /^\/logs\?.*from=\d{13}/);
  await page.locator('.brush-menu a', { hasText: 'Zoom' }).click();
  await page.waitForURL((u) => /^\d{13}$/.test(u.searchParams.get('from')) && u.searchParams.get('q') === 'up');
  await page.goBack();
  await page.waitForURL((u) => u.searchParams.get('from') === 'now-5m');
}
