// Finding traces and reading one.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bigTrace, newTraceID, sendTrace, spanID, toOTLP, usualTrace } from '../spans.mjs';
import { json, offered, shots, until } from '../tripod.mjs';
import { aTrace, overflowing, tooSmall } from './screens.mjs';

const has = (name, value) => (u) => (u.searchParams.get(name) ?? '') === value;

export default function traces(scene) {
  scene('TraceQL: Tab takes what fits, however slow the server is', fasterThanTheServer);
  scene('TraceQL: completed from the spans, asked, and underlined where it is wrong', traceql);
  scene('search by service and operation', byOperation);
  scene('search by duration, and one that is no duration', byDuration);
  scene('search by an attribute', byAttribute);
  scene('errors only, and all again', errorsOnly);
  scene('a row leads to its trace, Back to the result', rowAndBack);
  scene('a span opens in the drawer with its attributes; folding; finding', drawer);
  scene('ten thousand spans: scrolled, walked, folded, searched', tenThousand);
  scene('far down a long trace the search is at hand', searchInReach);
  scene('at 390 px, far down a long trace, the search is at hand', searchInReach, { size: 'narrow' });
  scene('the overview chooses what is drawn', zooming);
  scene('critical path and log lines are switched', switches);
  scene('flame and map of a trace', flameAndMap);
  scene('a crowded map: no words lie on others, and those left out are shown on demand', crowdedMap);
  scene('what is usual, and two traces side by side', typical);
  scene('a rectangle in the scatter plot', brushing);
  scene('a bar of the histogram', histogramBar);
  scene('two traces are chosen and compared', choosing);
  scene('without a script two traces are compared, and traces grouped', choosingWithoutScript, { script: false });
  scene('a trace is saved and opened from a file', files, { allow: /status of 400/ });
  scene('without a script a file is opened', fileWithoutScript, { script: false });
  scene('without a script a long trace has pages', withoutScript, { script: false });
  scene('at 390 px a span opens where it is seen', drawerBelow, { size: 'narrow' });
  scene('the views of a trace: logs, JSON; and its lines on the Logs screen', views);
  scene('a trace that is not there says so', absent, { allow: /status of 404/ });
}

async function byOperation(page) {
  await page.goto('/traces');
  const before = await page.locator('#trace-rows tr').count();
  assert.ok(before > 5);
  await page.locator('#trace-form select[name=service]').selectOption('streak-worker');
  await page.waitForURL(has('service', 'streak-worker'));
  await page.waitForFunction(() => document.querySelector('#trace-form select[name=operation]').options.length > 1);
  const op = await page.locator('#trace-form select[name=operation] option').nth(1).getAttribute('value');
  await page.locator('#trace-form select[name=operation]').selectOption(op);
  await page.waitForURL(has('operation', op));
  await page.locator('#trace-rows tr').first().waitFor();
  assert.equal(await page.locator('#trace-form select[name=service]').inputValue(), 'streak-worker');
  assert.equal(await page.locator('#trace-form select[name=operation]').inputValue(), op);
  await page.locator('#trace-rows tr a').first().click();
  await page.locator(`.wr a.op:text-is(${JSON.stringify(op)})`).first().waitFor();
}

async function byDuration(page) {
  await page.goto('/traces');
  await page.getByLabel('At least').fill('20ms');
  await page.keyboard.press('Enter');
  await page.waitForURL(has('min', '20ms'));
  await page.locator('#trace-rows tr').first().waitFor();
  for (const text of await page.locator('#trace-rows td:nth-child(4)').allInnerTexts()) {
    const [n, unit] = text.trim().split(/\s+/);
    assert.ok(unit === 's' || (unit === 'ms' && Number(n) >= 20), text);
  }
  await page.getByLabel('At least').fill('soon');
  await page.keyboard.press('Enter');
  await page.locator('.qmsg', { hasText: 'soon' }).waitFor();
  await page.getByLabel('At least').fill('1h');
  await page.keyboard.press('Enter');
  await page.locator('.empty').waitFor();
}

async function byAttribute(page) {
  await page.goto('/traces');
  await page.locator('#q').fill('http.request.method=POST');
  await page.keyboard.press('Enter');
  await page.waitForURL(has('tags', 'http.request.method=POST'));
  await page.locator('#trace-rows tr').first().waitFor();
  for (const name of await page.locator('#trace-rows a[data-open]').allInnerTexts()) assert.doesNotMatch(name, /^GET /);
}

async function errorsOnly(page) {
  await page.goto('/traces');
  await page.getByRole('link', { name: /^Errors/ }).click();
  await page.waitForURL(has('result', 'errors'));
  await page.waitForFunction(() => {
    const rows = [...document.querySelectorAll('#trace-rows tr')];
    return rows.length > 0 && rows.every((r) => r.querySelector('td.err'));
  });
  await page.getByRole('group', { name: 'Result' }).getByRole('link', { name: 'All' }).click();
  await page.waitForURL(has('result', ''));
  await page.waitForFunction(() => [...document.querySelectorAll('#trace-rows tr')].some((r) => !r.querySelector('td.err')));
}

async function rowAndBack(page) {
  await page.goto('/traces?service=planner-web');
  const row = page.locator('#trace-rows tr').nth(3);
  const href = await row.locator('a[data-open]').getAttribute('href');
  await page.locator(`#trace-rows a[data-open][href="${href}"]`).first().click(); // wherever newer ones have moved it
  await page.waitForURL((u) => u.pathname === href.split('?')[0]);
  await page.locator('.wr').first().waitFor();
  await page.goBack();
  await page.waitForURL((u) => u.pathname === '/traces' && u.searchParams.get('service') === 'planner-web');
  await page.locator('#trace-rows tr').first().waitFor();
}

async function drawer(page, { origin }) {
  await page.goto('/traces/' + (await aTrace(origin)));
  const spans = page.locator('.wr:visible');
  const all = await spans.count();
  assert.ok(all > 2);
  await page.locator('.wr', { hasText: 'planner-api' }).or(page.locator('.wr').nth(1)).first().locator('a.op').click();
  await page.locator('#drawer h2').waitFor();
  assert.match(await page.locator('#drawer').innerText(), /Attributes/);
  assert.ok((await page.locator('#drawer dl.kv dt').count()) > 1);
  assert.ok(new URL(page.url()).searchParams.get('sel'));
  await page.reload();
  await page.locator('#drawer h2').waitFor();
  await page.locator('#drawer [data-act=close-span]').click();
  await page.locator('#drawer h2').waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Collapse all' }).click();
  await until('folded', async () => (await spans.count()) < all);
  await page.getByRole('button', { name: 'Expand all' }).click();
  await until('unfolded', async () => (await spans.count()) === all);

  // what the server finds beside the names may come later, and begins anew
  const said = page.waitForResponse((answer) => /\/find\?.*text=planner/.test(answer.url()));
  await page.locator('#span-find').fill('planner');
  await (await said).finished();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.locator('#span-found', { hasText: /^\d+ of \d+$/ }).waitFor();
  const found = await page.locator('#span-found').innerText();
  await page.locator('#span-find').press('Enter');
  await page.waitForFunction((was) => document.querySelector('#span-found').textContent !== was, found);
  await page.getByRole('button', { name: 'Previous span found' }).click();
  await page.locator('#span-found').getByText(found, { exact: true }).waitFor();
  await page.locator('#span-find').fill('http.request.method=');
  await page.locator('.wr.hit').first().waitFor(); // is in no name, so the server found it
  await page.locator('#span-find').fill('no such span');
  await page.locator('#span-found', { hasText: 'none' }).waitFor();
}

// Ten thousand spans: few of them are in the page, and all can be reached.
async function tenThousand(page, { origin }) {
  const id = await sendTrace(origin, bigTrace(10_000));
  await until('the whole trace', async () => (await json(`${origin}/api/traces/${id}`)).data[0].spans.length === 10_000);
  await page.goto('/traces/' + id);
  const few = async () => {
    const n = await page.evaluate(() => document.querySelectorAll('#main *').length);
    assert.ok(n < 4000, `${n} elements`);
  };
  await page.locator('.rowbox.virtual .wr', { hasText: 'item 3' }).first().waitFor();
  await few();

  // a wheel all the way down: frames stay short and the last row is there
  const slow = await page.evaluate(async () => {
    const frames = [];
    const end = document.documentElement.scrollHeight;
    for (let y = 0; y <= end; y += Math.max(400, end / 60)) {
      scrollTo(0, y);
      const t = performance.now();
      await new Promise(requestAnimationFrame);
      frames.push(performance.now() - t);
    }
    scrollTo(0, end);
    return frames.sort((a, b) => b - a)[2]; // a busy machine may stand still twice
  });
  await page.locator('.wr', { hasText: 'the very last' }).waitFor();
  assert.ok(slow < 1000, `a frame took ${slow} ms`);
  await few();

  // a little up and down: what stays near the screen is not made again, and no row is missing
  const parts = await page.evaluate(async () => {
    const rows = () => [...document.querySelectorAll('.rowbox.virtual .wr')];
    const broken = [];
    for (const y of [9000, 9700, 10400, 9500, 8800, 200000, 200700]) {
      const before = new Map(rows().map((r) => [r.dataset.i, r]));
      scrollTo(0, y);
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const now = rows();
      now.forEach((r, k) => {
        if (k > 0 && Number(r.dataset.i) !== Number(now[k - 1].dataset.i) + 1) broken.push(`${y}: row ${r.dataset.i} behind ${now[k - 1].dataset.i}`);
        const was = before.get(r.dataset.i);
        if (was && was !== r) broken.push(`${y}: row ${r.dataset.i} was made again`);
      });
      const [first, last] = [now[0], now[now.length - 1]].map((r) => r.getBoundingClientRect());
      if (first.top > 0 || last.bottom < innerHeight) broken.push(`${y}: rows from ${first.top} to ${last.bottom} px`);
    }
    return broken;
  });
  assert.deepEqual(parts, []);

  // by the keyboard: the tree begins at its first row, End goes to its last
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator('.wr[data-i="0"]').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowLeft');
  await page.locator('.wr:focus[aria-expanded="false"]', { hasText: 'batch 0' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.locator('.wr:focus', { hasText: 'batch 1' }).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.locator('.wr:focus', { hasText: 'item 103' }).waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.locator('.wr:focus', { hasText: 'batch 1' }).waitFor();
  await page.keyboard.press('End');
  await page.locator('.wr:focus', { hasText: 'the very last' }).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('#drawer h2', { hasText: 'the very last' }).waitFor();
  const box = await page.locator('#drawer h2').boundingBox();
  assert.ok(box.y > 0 && box.y < 300, `the drawer is at ${box.y}`);
  await page.keyboard.press('Escape');
  await page.locator('#drawer h2').waitFor({ state: 'detached' });
  await page.locator('.wr:focus', { hasText: 'the very last' }).waitFor();

  // what is found inside what is folded is unfolded
  await page.getByRole('button', { name: 'Collapse all' }).click();
  await page.locator('.wr', { hasText: 'batch 99' }).waitFor();
  await page.locator('#span-find').fill('item 7777');
  await page.locator('.wr.hit', { hasText: 'item 7777' }).waitFor();
  await page.locator('.wr.hit a.op').click();
  await page.waitForURL((u) => u.searchParams.get('sel') === spanID(7777));
  await page.reload();
  await page.locator('.wr.sel', { hasText: 'item 7777' }).waitFor();
  await few();
}

// The overview chooses the part of the time that is drawn.
async function zooming(page, { origin }) {
  await page.goto('/traces/' + (await aTrace(origin)));
  await page.locator('.rowbox.virtual .wr').first().waitFor();
  const box = await page.locator('#trace-mini').boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL((u) => /^\d+-\d+$/.test(u.searchParams.get('zoom') ?? ''));
  const zoom = new URL(page.url()).searchParams.get('zoom');
  await page.locator('#trace-axis span').first().waitFor();
  assert.notEqual(await page.locator('#trace-axis span').first().innerText(), '0', 'the axis begins inside');
  await page.reload();
  await page.locator('#trace-mini.zoomed').waitFor();
  await page.getByRole('slider', { name: 'Start of what is drawn' }).press('ArrowRight');
  await page.waitForURL((u) => u.searchParams.get('zoom') !== zoom);
  await page.getByRole('button', { name: 'Whole trace' }).click();
  await page.waitForURL((u) => !u.searchParams.has('zoom'));
  assert.equal(await page.locator('#trace-axis span').first().innerText(), '0');
}

// The critical path and the lines among the spans can be turned on and off.
async function switches(page, { origin }) {
  await page.goto('/traces/' + (await aTrace(origin)));
  await page.locator('.rowbox.virtual .crit').first().waitFor();
  await page.getByRole('link', { name: /critical path/ }).click();
  await page.locator('.crit').first().waitFor({ state: 'hidden' });
  await page.getByRole('link', { name: /log lines/ }).click();
  await page.locator('.wr.ll').first().waitFor();
  await page.reload();
  await page.locator('.wr.ll .lm').first().waitFor({ state: 'attached' });
  assert.equal(await page.locator('.crit:visible').count(), 0);
  await page.locator('.wr.ll').first().click();
  await page.locator('#drawer h2').waitFor();
}

// The flame view zooms by a click and out by Esc; the map leads to the spans of a service.
async function flameAndMap(page, { origin }) {
  const id = await aTrace(origin);
  await page.goto('/traces/' + id);
  const views = page.getByRole('navigation', { name: 'Views' });
  await views.getByRole('link', { name: 'Flame' }).click();
  await page.locator('.flame a.fr').first().waitFor();
  assert.ok((await page.locator('.ops tbody tr').count()) > 2);
  const all = await page.locator('.fr').count();
  await page.screenshot({ path: join(shots, 'trace-flame-dark-wide.png') });
  await page.locator('.flame a.fr[href*="below="]').nth(1).click();
  await page.locator('#drawer h2').waitFor();
  assert.ok((await page.locator('.fr').count()) < all, 'zoomed');
  await page.keyboard.press('Escape'); // the drawer was opened last
  await page.locator('#drawer h2').waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await page.waitForURL((u) => !u.searchParams.has('below'));
  await views.getByRole('link', { name: 'Map' }).click();
  await page.locator('.tmap .nd', { hasText: 'planner-api' }).waitFor();
  assert.match(await page.locator('.tmap .ed').first().innerText(), /^\d+ calls?, /);
  await page.screenshot({ path: join(shots, 'trace-map-dark-wide.png') });
  await page.locator('.tmap .nd a', { hasText: 'planner-api' }).click();
  await page.locator('#span-found', { hasText: / of / }).waitFor();
  assert.equal(await page.locator('#span-find').inputValue(), 'planner-api');
}

// The search, its counter and its buttons stay above the rows, and no row that
// is found or walked to lies below them.
async function searchInReach(page, { origin }) {
  const id = await sendTrace(origin, bigTrace(3000));
  await until('the whole trace', async () => (await json(`${origin}/api/traces/${id}`)).data[0].spans.length === 3000);
  await page.goto('/traces/' + id);
  await page.locator('.rowbox.virtual .wr').first().waitFor();
  await page.evaluate(() => scrollTo(0, 30_000));
  const clear = async (what, row) => {
    const at = await row.evaluate((el) => {
      const [r, axis] = [el, document.querySelector('.wax')].map((x) => x.getBoundingClientRect());
      const mid = document.elementFromPoint(r.left + 20, r.top + r.height / 2);
      return { row: r.top, axis: axis.bottom, seen: el.contains(mid) };
    });
    assert.ok(at.row >= at.axis - 1 && at.seen, `${what}: ${JSON.stringify(at)}`);
  };
  const inReach = async (what) => {
    for (const el of [page.locator('#span-find'), page.getByRole('button', { name: 'Next span found' }), page.getByRole('button', { name: 'Previous span found' })]) {
      const seen = await el.evaluate((x) => {
        const r = x.getBoundingClientRect();
        const mid = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
        return r.top >= 0 && (x.contains(mid) || x.closest('.query')?.contains(mid) === true);
      });
      assert.ok(seen, `${what}: ${await el.getAttribute('aria-label')} is out of sight`);
    }
  };
  await inReach('scrolled');
  const was = await page.evaluate(() => scrollY);
  await page.locator('#span-find').focus();
  assert.equal(await page.evaluate(() => scrollY), was, 'the focus moves nothing');
  await page.locator('#span-find').fill('item 15');
  await page.locator('#span-found', { hasText: / of / }).waitFor();
  for (let n = 0; n < 4; n++) {
    await page.keyboard.press(n === 3 ? 'Shift+Enter' : 'Enter');
    const here = Number((await page.locator('#span-found').innerText()).split(' ')[0]);
    assert.ok(here > 0);
    await inReach('at a hit');
    assert.equal(await page.locator('.wr.at').count(), 1);
    await clear('a hit', page.locator('.wr.at'));
  }
  await page.keyboard.press('Tab');
  await page.locator('[data-act=find-previous]:focus').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await inReach('by its button');
  // up, row by row: the first one on the screen is not below the search
  await page.locator('.wr.at').focus();
  for (let n = 0; n < 40; n++) await page.keyboard.press('ArrowUp');
  await clear('a row walked to', page.locator('.wr:focus'));
}

// Seven services call seven others: not all has room to be said.
async function crowdedMap(page, { origin }) {
  const spans = [{ id: 1, service: 'crowd', name: 'GET /', from: 0, to: 900, kind: 2 }];
  const add = (parent, service, error) => spans.push({ id: spans.length + 1, parent, service, name: 'call', from: 1, to: 800, ...(error ? { error } : {}) });
  for (let i = 0; i < 7; i++) {
    const front = add(1, 'crowd-front-' + i);
    for (let k = 0; k < 7; k++) add(front, 'crowd-back-' + k, (i + k) % 6 === 0 && 'a reason that is rather long');
  }
  const id = await sendTrace(origin, spans);
  await until('the whole trace', async () => (await json(`${origin}/api/traces/${id}`)).data[0].spans.length === spans.length);
  await page.goto(`/traces/${id}?view=map`);
  const shy = page.locator('.tmap .ed.shy');
  assert.ok((await shy.count()) > 0, 'some words are left out');
  for (const width of [1800, 1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    const on = await page.evaluate(() => {
      const boxes = [...document.querySelectorAll('.tmap .nd, .tmap .ed:not(.shy)')].map((el) => [el.textContent.trim(), el.getBoundingClientRect()]);
      return boxes.flatMap(([a, p], i) => boxes.slice(0, i).filter(([, q]) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 0.5 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 0.5).map(([b]) => `${a} on ${b}`));
    });
    assert.deepEqual(on, [], `at ${width} px`);
  }
  const opacity = () => shy.first().evaluate((el) => Number(getComputedStyle(el).opacity));
  assert.equal(await opacity(), 0);
  await shy.first().focus();
  assert.equal(await opacity(), 1);
  assert.match(await shy.first().getAttribute('title'), /^crowd-front-\d to crowd-back-\d: 1 call, /);
}

// What is usual is told: in the facts, at the bars, in the drawer, in a sentence; c puts both side by side.
async function typical(page, { origin, own }) {
  const shop = own('shop');
  const now = Date.now();
  for (let i = 0; i < 12; i++) await sendTrace(origin, usualTrace(shop), { base: now - 60_000 - i * 1000 });
  const id = await sendTrace(origin, usualTrace(shop, true), { base: now - 30_000 });
  await until('the traces', async () => (await json(`${origin}/api/traces?service=${shop}&limit=50&lookback=1h`)).data.length >= 13);
  const diff = page.locator('#trace-diff');
  await until('what differs, which a busy appliance leaves out', async () => {
    await page.goto(`/traces/${id}?sel=${spanID(2)}`);
    return diff.getByText('Different from the typical trace').waitFor({ timeout: 5000 }).then(() => true, () => false);
  });
  assert.match(await diff.innerText(), /median of \d+ .*acquire took 3\.96 s longer; INSERT orders never ran/);
  await page.locator('.facts', { hasText: 'usually 40 ms' }).first().waitFor();
  await page.locator('.wr.ab', { hasText: 'INSERT orders' }).getByText('usually here, 15 ms; did not run').waitFor();
  await page.locator('.wr', { hasText: 'acquire' }).getByText(/usually [12]\d(\.\d)? ms/).waitFor();
  await page.screenshot({ path: join(shots, 'trace-typical-dark-wide.png') });
  await page.keyboard.press('c');
  await page.waitForURL((u) => u.pathname === '/traces/compare');
  await page.locator('.tcrows tr.only', { hasText: 'INSERT orders' }).getByText('only in the second').waitFor();
  await page.screenshot({ path: join(shots, 'trace-compare-dark-wide.png') });
  await page.getByRole('link', { name: 'Swap' }).click();
  await page.locator('.tcrows tr.only', { hasText: 'INSERT orders' }).getByText('only in the first').waitFor();
  assert.deepEqual(await page.evaluate(overflowing), []);
}

// A rectangle in the scatter plot sets the time and the durations of the search; Back takes it away.
async function brushing(page) {
  await page.goto('/traces?from=now-15m');
  await page.locator('.points a.dotp').first().waitFor();
  const box = await page.locator('.points .plot').boundingBox();
  await page.mouse.move(box.x + box.width * 0.55, box.y + box.height * 0.25);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + box.height * 0.6, { steps: 3 });
  await page.locator('.selbox', { hasText: /\d+ traces?, .+ – .+/ }).waitFor();
  await page.screenshot({ path: join(shots, 'traces-brush-dark-wide.png') });
  await page.mouse.move(box.x + box.width * 0.999, box.y + box.height * 0.7, { steps: 3 });
  await page.mouse.up();
  await page.waitForURL((u) => /^\d+(\.\d+)?[num]?s$/.test(u.searchParams.get('min') ?? '') && /^\d+(\.\d+)?[num]?s$/.test(u.searchParams.get('max') ?? '') && /^\d+$/.test(u.searchParams.get('from') ?? ''));
  const u = new URL(page.url());
  assert.ok(Number(u.searchParams.get('to')) - Number(u.searchParams.get('from')) < 8 * 60_000, u.search);
  await page.waitForFunction((min) => document.querySelector('#t-min').value === min, u.searchParams.get('min'));
  await page.locator('.selbox').waitFor({ state: 'detached' });
  await page.goBack();
  await page.waitForFunction(() => document.querySelector('#t-min').value === '');
}

// A bar of the histogram is a link to its traces.
async function histogramBar(page) {
  await page.goto('/traces');
  await page.locator('.hist a.hbar').nth(1).click();
  await page.waitForURL((u) => u.searchParams.has('min') && u.searchParams.has('max'));
  await page.locator('.took', { hasText: /\d+ traces? in/ }).waitFor();
}

// Two traces are chosen and compared; the choice outlives a refresh, Esc gives it up.
async function choosing(page) {
  await page.goto('/traces?from=now-15m&refresh=off');
  const boxes = page.locator('.pick input');
  await boxes.nth(0).check();
  await page.locator('#compare-bar', { hasText: '1 selected' }).waitFor();
  await boxes.nth(2).check();
  await boxes.nth(4).check();
  await page.locator('#compare-bar', { hasText: '2 selected' }).waitFor();
  assert.equal(await boxes.nth(0).isChecked(), false, 'the first is given up');
  const [a, b] = [await boxes.nth(2).inputValue(), await boxes.nth(4).inputValue()];
  assert.equal(await page.locator('.dotp[data-pick]').count(), 2);
  await page.screenshot({ path: join(shots, 'traces-compare-dark-wide.png') });
  await page.keyboard.press('r');
  await page.locator(`.pick input[value="${a}"]`).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#compare-bar').waitFor({ state: 'hidden' });
  await page.locator(`.pick input[value="${a}"]`).check();
  await page.locator(`.pick input[value="${b}"]`).check();
  await page.locator('#compare-bar').getByRole('button', { name: 'Compare' }).click();
  await page.waitForURL((u) => u.pathname === '/traces/compare' && u.searchParams.get('a') === a && u.searchParams.get('b') === b);
  await page.locator('.tcrows tbody tr').first().waitFor();
}

async function choosingWithoutScript(page) {
  await page.goto('/traces');
  await page.locator('.pick input').nth(0).check();
  await page.locator('.pick input').nth(1).check();
  await page.locator('#compare-bar').getByRole('button', { name: 'Compare' }).click();
  await page.waitForURL((u) => u.pathname === '/traces/compare' && u.searchParams.getAll('t').length === 2);
  await page.locator('.tcrows tbody tr').first().waitFor();
  await page.goto('/traces?sort=operation');
  await page.locator('#trace-groups tbody tr a').first().click();
  await page.waitForURL((u) => u.searchParams.has('operation'));
}

// A trace is saved as OTLP, opened again from the file, seen in every view, and not stored.
async function files(page, { origin }) {
  const id = await sendTrace(origin, usualTrace('filed', true), { base: Date.now() - 40_000 });
  await until('the trace', async () => (await fetch(`${origin}/api/traces/${id}`)).ok);
  await page.goto('/traces/' + id);
  const save = async (name) => {
    await page.getByRole('button', { name: 'Export' }).click();
    const [file] = await Promise.all([page.waitForEvent('download'), page.locator('#export-pop').getByText(name).click()]);
    return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
  };
  const otlp = await save('OTLP JSON');
  assert.match(otlp.name, /^trace-[0-9a-f]{16}\.otlp\.json$/);
  assert.equal(JSON.parse(otlp.text).resourceSpans.length, 2);
  const jaeger = await save('Jaeger JSON');
  assert.equal(JSON.parse(jaeger.text).data[0].spans.length, 2);

  const other = newTraceID(); // as another appliance would have it
  for (const [name, text] of [['other.json', otlp.text], ['jaeger.json', jaeger.text]]) {
    await page.goto('/traces');
    await page.locator('#trace-file').setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text.replaceAll(id, other)) });
    await page.waitForURL((u) => u.pathname === '/traces/' + other && u.searchParams.has('file'));
    await page.getByText('It is not stored').waitFor();
    await page.locator('.wr', { hasText: 'acquire' }).locator('a.op').click();
    await page.locator('#drawer', { hasText: 'pool.max_open' }).getByText('wait started').waitFor();
    if (name === 'other.json') await page.screenshot({ path: join(shots, 'trace-file-dark-wide.png') });
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Flame' }).click();
    await page.locator('.fr.e', { hasText: 'POST /orders' }).waitFor();
  }
  assert.equal((await fetch(`${origin}/api/traces/${other}`)).status, 404, 'it is in no store');

  await page.goto('/traces');
  await page.locator('#trace-file').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{"hello":1}') });
  await page.getByText('neither JSON of OTLP').waitFor();
}

async function fileWithoutScript(page) {
  await page.goto('/traces');
  const text = JSON.stringify(toOTLP(newTraceID(), usualTrace('filed'), Date.now()));
  await page.locator('#trace-file').setInputFiles({ name: 'plain.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  await page.getByRole('button', { name: 'Show it' }).click();
  await page.getByText('It is not stored').waitFor();
  assert.equal(await page.locator('.wr').count(), 3);
}

// Without a script a long trace is read in pages.
async function withoutScript(page, { origin }) {
  const id = await sendTrace(origin, bigTrace(700, 'paged'));
  await until('the whole trace', async () => (await json(`${origin}/api/traces/${id}`)).data[0].spans.length === 700);
  await page.goto('/traces/' + id);
  assert.equal(await page.locator('.wr').count(), 300);
  await page.getByRole('link', { name: 'The rows after' }).click();
  await page.getByRole('link', { name: 'The rows after' }).click();
  await page.locator('.wr', { hasText: 'the very last' }).locator('a.op').click();
  await page.locator('#drawer h2', { hasText: 'the very last' }).waitFor();
  await page.locator('.wr.sel', { hasText: 'the very last' }).waitFor();
}

async function drawerBelow(page, { origin }) {
  await page.goto('/traces/' + (await aTrace(origin)));
  await page.locator('.wr a.op').nth(2).tap();
  await page.locator('#drawer h2').waitFor();
  const [box, bar] = [await page.locator('#drawer h2').boundingBox(), await page.locator('.nav').boundingBox()];
  assert.ok(box.y > 0 && box.y + box.height < bar.y, `heading at ${box.y}, navigation at ${bar.y}`);
  assert.deepEqual(await page.evaluate(tooSmall), []);
  await page.screenshot({ path: join(shots, 'trace-span-dark-narrow.png') });
  await page.locator('#drawer [data-act=close-span]').tap();
  await page.locator('#drawer h2').waitFor({ state: 'detached' });
}

async function views(page, { origin }) {
  const id = await aTrace(origin);
  await page.goto('/traces/' + id);
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Logs/ }).click();
  await page.locator('.tlogs tbody tr').first().waitFor();
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'JSON' }).click();
  await page.locator('#trace-json').waitFor();
  assert.match(await page.locator('#trace-json').innerText(), new RegExp(id));
  await page.locator('.ln1').getByRole('link', { name: 'Logs' }).click();
  await page.waitForURL((u) => u.pathname === '/logs' && (u.searchParams.get('q') ?? '').includes(id));
  await page.locator('#log-rows .lr').first().waitFor();
}

async function absent(page) {
  await page.goto('/traces/0123456789abcdef0123456789abcdef');
  assert.match(await page.locator('#main').innerText(), /not here/);
}

const optionOf = (page) => (name) => page.locator('#ac .opt').filter({ has: page.locator('.nm').filter({ hasText: name }) });

async function fasterThanTheServer(page) {
  const option = optionOf(page);
  await page.goto('/traces');
  const box = page.locator('#q');
  await box.click();
  await page.keyboard.type('{ http');
  await offered(page, option(/^span\.http\.route$/));
  const held = [];
  await page.route('**/traces/complete*', (route) => void held.push(route));
  await page.keyboard.type('.ro');
  assert.deepEqual(await page.locator('#ac .opt:visible .nm').allInnerTexts(), ['span.http.route'], 'what was offered is narrowed');
  await page.keyboard.press('Tab');
  assert.equal(await box.inputValue(), '{ span.http.route ');
  await box.fill('{ ');
  await page.unroute('**/traces/complete*', { behavior: 'ignoreErrors' });
  for (const route of held) await route.continue().catch(() => {}); // given up since
  await page.keyboard.type('nosuch');
  await page.locator('#ac').waitFor({ state: 'hidden' });
  assert.equal(await box.inputValue(), '{ nosuch');
}

async function traceql(page) {
  const option = optionOf(page);
  await page.goto('/traces');
  const box = page.locator('#q');
  await box.click();
  await page.keyboard.type('{ http.ro');
  await offered(page, option(/^span\.http\.route$/));
  await page.keyboard.press('Tab');
  assert.equal(await box.inputValue(), '{ span.http.route ');
  await page.keyboard.type('= "/api/v1/ta');
  const value = option(/^\/api\/v1\/tasks$/);
  await offered(page, value);
  assert.match(await value.innerText(), /[\d,]+ spans?/);
  await page.keyboard.press('Tab');
  await page.keyboard.type('} >> { name =~ "SELECT.*" }');
  await page.keyboard.press('Enter');
  const query = '{ span.http.route = "/api/v1/tasks" } >> { name =~ "SELECT.*" }';
  await page.waitForURL((u) => u.searchParams.get('tags') === query);
  await page.locator('.took', { hasText: /[1-9][\d,]* traces? in/ }).waitFor();
  await until('fields have their colour', async () => (await page.locator('.query .hl .y-l').allInnerTexts()).includes('span.http.route'));
  await page.screenshot({ path: join(shots, 'traces-traceql-dark-wide.png') });
  await box.fill('{ bad }');
  await page.keyboard.press('Enter');
  await page.locator('#q-error').getByText('An attribute has a scope').waitFor();
  assert.equal(await page.locator('.query .hl .qerr').innerText(), 'bad');
  await box.fill('');
  await option(/SELECT/).waitFor();
  assert.match(await page.locator('#ac .opt').first().innerText(), /recent/);
}
