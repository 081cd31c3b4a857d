// Asking metrics in PromQL.

import assert from 'node:assert/strict';
import { until } from '../tripod.mjs';

const box = (page) => page.locator('#graph-form [data-query] .q').first();
const has = (text) => (u) => u.searchParams.getAll('q').includes(text);

export default function metrics(scene) {
  scene('the first chart has lines and a legend; another query replaces them', ask);
  scene('PromQL that cannot be read says where, and the chart stays', broken);
  scene('a metric of the browser comes into the query', insert);
  scene('an exemplar leads to its trace', exemplar);
  scene('lines can be switched off; the cross-hair follows the keys', lines);
}

async function ask(page) {
  await page.goto('/graph');
  await page.locator('#graph canvas').waitFor();
  assert.ok((await page.locator('#legend tbody tr').count()) >= 2, 'a row a service');
  assert.ok(await painted(page), 'something is drawn');
  const text = 'sum(rate(http_server_request_duration_seconds_count[20s]))';
  await box(page).fill(text);
  await page.keyboard.press('Enter');
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
  await page.keyboard.press('Enter');
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
  assert.match(await box(page).inputValue(), new RegExp(name));
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
