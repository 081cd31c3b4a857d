// Asking for lines: the query, the fields, the volume, and what is not found.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { rows } from '../list.mjs';
import { offered, post, shots, until } from '../tripod.mjs';
import { tooSmall } from './screens.mjs';

const q = (page) => new URL(page.url()).searchParams.get('q') ?? '';
const texts = (page) => page.locator('#log-rows .lr .msg').allInnerTexts();

async function search(page, text) {
  await page.locator('#q').fill(text);
  await page.keyboard.press('Enter');
}

async function searched(page, text) {
  await search(page, text);
  await page.waitForURL((u) => (u.searchParams.get('q') ?? '') === text);
}

export default function logsQuery(scene) {
  scene('a query and Enter: the address has it, the rows match, Back returns', query);
  scene('completion: fields, values with counts, Tab, Esc, all fields', complete);
  scene('a refresh that is late leaves what is offered while one types', late);
  scene('a refresh that is late does not bring the view before back', overtaken);
  scene('completion of LogQL, and the queries of this browser', completeLogQL);
  scene('a query is saved under a name, offered while one types, and removed', saved);
  scene('a name that is taken: asks before another query is replaced; at 390 px too', taken, { size: 'narrow', allow: /status of 409/ });
  scene('at 390 px completion fits', completeNarrow, { size: 'narrow', theme: 'light' });
  scene('a field’s value narrows and widens again', facet);
  scene('a field that the query does not say becomes a filter; f finds it', filterFacet);
  scene('+ Filter makes one of a field, a comparison and a value', addFilter);
  scene('a broken query names the position and keeps the rows', broken);
  scene('the brush filters at once and keeps the context; arrows move it; double click clears', brush);
  scene('patterns: sorted, compared, and a click shows the lines of one', patterns);
  scene('compare: in what the lines differ from others, only and not, a brush against the rest', compare);
  scene('fields: what they hold, and a click narrows', fields);
  scene('how a query was answered', receipt);
  scene('LogQL for numbers draws series', series);
  scene('nothing matches: says so, with a way out', empty);
  scene('without scripts: query, brush, views and filters are links and forms', plain, { script: false });
  for (const theme of ['dark', 'light']) {
    for (const size of ['wide', 'narrow']) scene(`the views of logs, ${theme}, ${size}`, (page) => views(page, `${theme}-${size}`), { theme, size });
  }
}

async function query(page) {
  await page.goto('/logs');
  await rows(page).first().waitFor();
  await searched(page, '"task created"');
  await page.waitForFunction(() => [...document.querySelectorAll('#log-rows .lr .msg')].every((m) => m.textContent.includes('task created')));
  assert.ok((await texts(page)).length > 0);
  await searched(page, 'service:streak-worker');
  await page.waitForFunction(() => [...document.querySelectorAll('#log-rows .lr .svc')].every((m) => m.textContent === 'streak-worker'));
  await page.goBack();
  await page.waitForURL((u) => u.searchParams.get('q') === '"task created"');
  await page.waitForFunction(() => [...document.querySelectorAll('#log-rows .lr .msg')].every((m) => m.textContent.includes('task created')));
  assert.equal(await page.locator('#q').inputValue(), '"task created"');
}

async function saved(page, { origin }) {
  const name = 'Work of the queue';
  try {
    await savedAs(page, name);
  } finally {
    await post(`${origin}/logs/saved/remove`, { name, back: '/logs' }).catch(() => {}); // where it did so itself
  }
}

async function savedAs(page, name) {
  await page.goto('/logs?from=now-30m');
  await rows(page).first().waitFor();
  await page.locator('#q').fill('service:streak-worker job'); // not asked yet
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const pop = page.locator('#saved-pop');
  assert.equal(await pop.locator('[name=text]').inputValue(), 'service:streak-worker job');
  await pop.locator('.one [name=name]').fill(name);
  await page.keyboard.press('Enter');
  await page.waitForURL((u) => u.searchParams.get('q') === 'service:streak-worker job' && u.searchParams.get('from') === 'now-30m');

  await page.goto('/logs');
  await rows(page).first().waitFor();
  await page.locator('#q').click();
  await page.keyboard.type('level:info queu');
  await offered(page, page.locator('#ac .opt', { hasText: name }));
  await page.keyboard.press('Tab');
  assert.match(await page.locator('#q').inputValue(), /^level:info queu/, 'Tab takes no whole query that nobody went to');
  await page.locator('#q').fill('level:info queu');
  await offered(page, page.locator('#ac .opt', { hasText: name }));
  await page.locator('#q').press('ArrowUp'); // to the last, which it is
  await page.keyboard.press('Tab');
  assert.equal(await page.locator('#q').inputValue(), 'service:streak-worker job');

  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await pop.locator(`summary[aria-label="Remove ${name}"]`).click();
  await pop.locator('.opt', { hasText: name }).getByRole('button', { name: 'Remove', exact: true }).click();
  await page.waitForFunction((text) => document.readyState === 'complete' && !document.querySelector('#saved-pop')?.textContent.includes(text), name);
}

// Another's query keeps its name unless one says that it is to be replaced.
async function taken(page, { origin, own }) {
  const name = own('Of the night');
  try {
    await takenBy(page, name);
  } finally {
    await post(`${origin}/logs/saved/remove`, { name, back: '/logs' }).catch(() => {}); // it may not have come so far
  }
}

async function takenBy(page, name) {
  const save = async (text) => {
    await page.goto('/logs?q=' + encodeURIComponent(text));
    await rows(page).first().waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click(); // narrow: a star
    await page.locator('#saved-pop .one [name=name]').fill(name);
    await page.keyboard.press('Enter');
  };
  await save('level:info');
  await page.locator('#saved-pop a', { hasText: name }).waitFor({ state: 'attached' });
  await save('level:warn');
  await page.getByText('already', { exact: false }).first().waitFor();
  await page.screenshot({ path: join(shots, 'logs-taken-narrow.png') });
  assert.deepEqual(await page.evaluate(tooSmall), []);
  await page.getByRole('button', { name: 'Replace it' }).click();
  await page.waitForURL((u) => u.searchParams.get('q') === 'level:warn');
  await page.locator('#saved-pop a', { hasText: name }).filter({ hasText: 'level:warn' }).waitFor({ state: 'attached' });
  await page.screenshot({ path: join(shots, 'logs-save-narrow.png') });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.locator('#saved-pop .one [name=name]').waitFor();
  await page.screenshot({ path: join(shots, 'logs-savepop-narrow.png') });
}

async function facet(page) {
  await page.goto('/logs');
  const box = page.locator('.fac[data-name=service] .fv', { hasText: 'streak-worker' });
  await box.click();
  await page.waitForURL((u) => u.searchParams.has('q'));
  await page.locator('.fac[data-name=service] .fv[aria-checked=true]', { hasText: 'streak-worker' }).waitFor();
  const narrowed = q(page);
  const services = await page.locator('#log-rows .lr .svc').allInnerTexts();
  const ticked = await page.locator('.fac[data-name=service] .fv[aria-checked=true]').evaluateAll((all) => all.map((el) => el.querySelector('.clip').textContent));
  assert.deepEqual([...new Set(services)].filter((s) => !ticked.includes(s)), [], `${narrowed} shows what is ticked only`);
  await box.click();
  await page.waitForURL((u) => (u.searchParams.get('q') ?? '') !== narrowed);
  await page.goBack();
  await page.waitForURL((u) => u.searchParams.get('q') === narrowed);
}

async function broken(page) {
  await page.goto('/logs');
  await rows(page).first().waitFor();
  const before = await rows(page).first().getAttribute('id');
  await search(page, 'level:>= (oops');
  const says = page.locator('#q-msg .qmsg');
  await says.waitFor();
  assert.match(await says.innerText(), /position \d+/);
  assert.equal(await page.locator(`[id="${before}"]`).count(), 1, 'the rows stay');
  assert.equal(q(page), '', 'the address stays');
  await searched(page, 'level:info');
  await says.waitFor({ state: 'detached' });
}

const chosen = (page) => new URL(page.url()).searchParams;
const option = (page, name) => page.locator('#ac .opt', { has: page.locator('.nm', { hasText: name }) });

async function complete(page) {
  await page.goto('/logs');
  const box = page.locator('#q');
  await box.click();
  await page.keyboard.type('level:info rou');
  await offered(page, option(page, /^route$/));
  assert.match(await option(page, /^route$/).innerText(), /%/, 'the share of lines that have it');
  await page.locator('#q[aria-activedescendant=ac-0]').waitFor(); // once the server has answered for the whole word
  await page.keyboard.press('Tab');
  assert.equal(await box.inputValue(), 'level:info route:');
  const value = option(page, /^\/api\/v1\/tasks$/);
  await offered(page, value);
  assert.match(await value.innerText(), /[\d,]+ lines?/);
  await page.screenshot({ path: join(shots, 'logs-completion-dark-wide.png') });
  await page.keyboard.press('Escape');
  await page.locator('#ac').waitFor({ state: 'hidden' });
  assert.equal(await box.evaluate((el) => el === document.activeElement), true, 'Esc closes the list, not the box');
  const all = () => page.keyboard.press('Control+Space');
  await all();
  await offered(page, value, all);
  await value.click();
  assert.equal(await box.inputValue(), 'level:info route:"/api/v1/tasks" ');
  await page.keyboard.press('Enter');
  await page.waitForURL((u) => u.searchParams.get('q') === 'level:info route:"/api/v1/tasks"');
  await rows(page).first().waitFor();
  await box.fill('');
  await all();
  await offered(page, option(page, /^userId$/), all);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.match(await box.inputValue(), /:$/, 'Enter takes what the arrows chose');
}

// lateRefresh shows a view, and gives what lets the answer of its first refresh
// come, once that was asked for.
async function lateRefresh(page, view) {
  let first;
  await page.route('**/logs?*', async (route) => {
    if (first || !route.request().headers()['x-tripod-refresh']) return route.continue();
    const response = route.fetch();
    first = async () => route.fulfill({ response: await response });
  });
  await page.goto(view);
  await until('it is asked for a refresh', () => first);
  return async () => {
    const came = page.waitForResponse((r) => r.request().headers()['x-tripod-refresh'] === '1');
    await first();
    await (await came).finished();
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  };
}

async function overtaken(page) {
  const answer = await lateRefresh(page, '/logs?refresh=2');
  await page.locator('.fac[data-name=service] .fv', { hasText: 'streak-worker' }).click();
  await page.waitForURL((u) => u.searchParams.has('q'));
  const services = async () => [...new Set(await page.locator('#log-rows .lr .svc').allInnerTexts())];
  assert.deepEqual(await services(), ['streak-worker']);
  await answer();
  assert.deepEqual(await services(), ['streak-worker']);
}

async function late(page) {
  const answer = await lateRefresh(page, '/logs?refresh=1');
  await page.locator('#q').click();
  await page.keyboard.type('rou');
  await offered(page, option(page, /^route$/));
  await answer();
  assert.ok(await option(page, /^route$/).isVisible());
  await page.keyboard.press('Tab');
  assert.equal(await page.locator('#q').inputValue(), 'route:');
}

async function completeLogQL(page) {
  await page.goto('/logs');
  const box = page.locator('#q');
  await box.click();
  await page.keyboard.type('{serv');
  await offered(page, option(page, /^service_name$/));
  await page.keyboard.press('Tab');
  await offered(page, option(page, /./).first());
  await page.keyboard.type('planner-a');
  await offered(page, option(page, /^planner-api$/));
  assert.match(await option(page, /^planner-api$/).innerText(), /[\d,]+ lines?/, 'values have their counts');
  await page.waitForFunction(() => document.querySelectorAll('#ac .opt').length === 1);
  await page.keyboard.press('Tab');
  await page.keyboard.type('} |= "task"');
  await page.keyboard.press('Enter');
  await page.waitForURL((u) => u.searchParams.get('q') === '{service_name="planner-api"} |= "task"');
  await page.locator('.query .badge', { hasText: 'LogQL' }).waitFor();
  assert.deepEqual([...new Set(await page.locator('#log-rows .lr .svc').allInnerTexts())], ['planner-api']);
  await until('strings have their colour', async () => (await page.locator('.query .hl .y-s').allInnerTexts()).includes('"task"'));
  await box.fill('');
  await page.locator('#ac .opt', { hasText: 'recent' }).first().waitFor();
  assert.match(await page.locator('#ac .opt').first().innerText(), /service_name="planner-api"/);
}

async function completeNarrow(page) {
  await page.goto('/logs');
  await page.locator('#q').tap();
  await page.keyboard.type('rou');
  await offered(page, option(page, /^route$/));
  assert.deepEqual(await page.evaluate(tooSmall), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await page.screenshot({ path: join(shots, 'logs-completion-light-narrow.png') });
  await option(page, /^route$/).tap();
  assert.equal(await page.locator('#q').inputValue(), 'route:');
}

async function filterFacet(page) {
  await page.goto('/logs');
  await page.keyboard.press('f');
  await page.keyboard.type('method');
  const box = page.locator('.fac[data-name=method] .fv', { hasText: 'POST' });
  if (!(await box.isVisible())) await page.locator('.fac[data-name=method] summary').click();
  await box.click();
  await page.locator('.chip', { hasText: 'method is POST' }).waitFor();
  assert.equal(chosen(page).get('filter'), 'method:POST');
  await page.locator('.fac[data-name=method] .fv[aria-checked=false]', { hasText: 'GET' }).click();
  await page.locator('.chip', { hasText: /method is .* or / }).waitFor();
  await page.locator('.chip .x').click();
  await page.waitForURL((u) => !u.searchParams.has('filter'));
}

async function addFilter(page) {
  await page.goto('/logs?q=level:info');
  await page.getByRole('button', { name: 'Filter' }).click();
  const form = page.locator('#filter-pop');
  await form.locator('[name=ff]').fill('method');
  await form.locator('[name=fo]').selectOption('-');
  await until('its values', async () => {
    if (await page.locator('#filter-values option[value=POST]').count()) return true;
    await form.locator('[name=ff]').fill('method'); // a busy appliance has none after a while
    return page.locator('#filter-values option[value=POST]').waitFor({ state: 'attached', timeout: 5000 }).then(() => true, () => false);
  });
  await form.locator('[name=fv]').fill('POST');
  await form.getByRole('button', { name: 'Add filter' }).click();
  await page.locator('.chip', { hasText: 'not method POST' }).waitFor();
  assert.equal(chosen(page).get('filter'), '-method:POST');
  assert.equal(chosen(page).has('ff'), false, 'the form’s own names are not kept');
  assert.equal(q(page), 'level:info');
}

async function brush(page) {
  await page.goto('/logs?from=now-15m');
  const over = page.locator('.lover');
  const box = await over.boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.5, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, y);
  await page.mouse.move(box.x + box.width * 0.995, y);
  await page.mouse.up();
  const shown = page.locator('#log-brush');
  await shown.waitFor();
  const [from, to] = chosen(page).get('brush').split('-').map(Number);
  assert.ok((to - from) / 60_000 > 6.5 && (to - from) / 60_000 <= 8, `half of 15 min: ${(to - from) / 60_000}`);
  assert.equal(chosen(page).get('from'), 'now-15m', 'the context stays');
  assert.match(await shown.innerText(), /lines?$/);
  assert.match(await page.locator('#timepick .abs').innerText(), /brushed/);
  const times = await page.locator('#log-rows time').evaluateAll((all) => all.map((t) => t.textContent));
  assert.ok(times.length > 0);

  await page.locator('#log-brush .bh.l').focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForURL((u) => Number(u.searchParams.get('brush')?.split('-')[0]) > from);
  await page.waitForFunction(() => document.activeElement?.matches('#log-brush .bh.l'));
  await page.screenshot({ path: join(shots, 'logs-brush-dark-wide.png') });

  await until('a double click clears it', async () => {
    await page.mouse.dblclick(box.x + box.width * 0.2, y); // two single ones, where the machine takes long between them
    return page.waitForURL((u) => !u.searchParams.has('brush'), { timeout: 5000 }).then(() => true, () => false);
  });
  await shown.waitFor({ state: 'detached' });

  await page.locator('.brush-start').focus();
  await page.keyboard.press('Enter');
  await shown.waitFor();
  await page.waitForFunction(() => document.activeElement?.matches('#log-brush .bh.l'));
  await page.locator('.brush-acts').getByRole('link', { name: 'Zoom' }).click();
  await page.waitForURL((u) => /^\d{13}$/.test(u.searchParams.get('from')) && !u.searchParams.has('brush'));
}

async function patterns(page) {
  await page.goto('/logs?from=now-5m');
  await page.getByRole('link', { name: 'Patterns' }).click();
  const all = page.locator('.pats tbody tr');
  await all.first().waitFor();
  const lines = async () => (await page.locator('.pats tbody tr td:nth-child(6)').allInnerTexts()).map((t) => Number(t.replace(/,/g, '')));
  const sorted = await lines();
  assert.deepEqual(sorted, [...sorted].sort((a, b) => b - a), 'the commonest first');
  await page.getByRole('link', { name: 'Level', exact: true }).click();
  await page.waitForURL((u) => u.searchParams.get('by') === 'level');
  const one = all.filter({ hasText: 'task created' }).first();
  await one.locator('.p-pat a').click();
  await page.waitForURL((u) => (u.searchParams.get('filter') ?? '').startsWith('msg.pattern:') && !u.searchParams.has('view'));
  await page.locator('.chip', { hasText: 'pattern is task created' }).waitFor();
  assert.deepEqual([...new Set((await texts(page)).map((t) => t.slice(0, 12)))], ['task created']);
}

// The lines of one service differ from all: in the field that names it alone,
// which is what was asked for, they are not said to.
async function compare(page) {
  await page.goto('/logs?from=now-5m&q=' + encodeURIComponent('service:planner-web'));
  await rows(page).first().waitFor();
  await page.locator('.tabs a', { hasText: 'Compare' }).click();
  await page.locator('.against .on', { hasText: 'Just before' }).waitFor();
  await page.locator('.against a', { hasText: 'All lines' }).click();
  await page.waitForURL((u) => u.searchParams.get('with') === 'all');
  const all = page.locator('.lcmp tbody tr');
  await all.first().waitFor();
  assert.match(await page.locator('.chead').innerText(), /lines of .* against (the newest )?[\d,]+ lines of all/);
  assert.equal(await page.locator('.lcmp .cfield', { hasText: /^service$/ }).count(), 0);
  const one = all.filter({ has: page.locator('.cfield', { hasText: /^pattern$/ }) }).filter({ hasText: 'request completed' });
  const [own, others] = (await one.locator('.cside').allInnerTexts()).map((t) => Number(t.replace(/[^\d.]/g, '')));
  assert.ok(own !== others, `${own} % and ${others} % differ`);
  await one.getByRole('link', { name: /^Not / }).click();
  await page.waitForURL((u) => q(page).includes('-msg.pattern:') && u.searchParams.get('view') === 'compare');
  await page.locator('.chead').waitFor();

  await page.goto('/logs?from=now-5m');
  await rows(page).first().waitFor();
  // The newest bar may be of lines that are still to come.
  await page.locator('.lover .hb:not([title$="no lines"]):has(+ .hb)').last().evaluate((a) => a.click());
  await page.waitForURL((u) => u.searchParams.has('brush'));
  await page.locator('.brush-acts a', { hasText: 'What changed' }).evaluate((a) => a.click());
  await page.locator('.against .on', { hasText: 'Outside the brush' }).waitFor();
  assert.match(await page.locator('.chead').innerText(), /against [\d,]+ lines? of the rest of/);
}

async function fields(page) {
  await page.goto('/logs?view=fields');
  const row = page.locator('.fields tbody tr', { has: page.locator('td:first-child', { hasText: /^durationMs$/ }) });
  assert.match(await row.innerText(), /duration|number/);
  assert.match(await row.innerText(), / to .*median/);
  await page.locator('.fields .vals a', { hasText: 'POST' }).click();
  await page.waitForURL((u) => !u.searchParams.has('view') && u.searchParams.get('q') === 'method:POST');
  await rows(page).first().waitFor();
}

async function receipt(page) {
  await page.goto('/logs?q=level:info');
  await page.locator('button.took').click();
  const pop = page.locator('#receipt-pop');
  await pop.waitFor();
  assert.match(await pop.innerText(), /in the time range/);
  assert.match(await pop.innerText(), /in the engine/);
  await page.screenshot({ path: join(shots, 'logs-receipt-dark-wide.png') });
}

async function series(page) {
  await page.goto('/logs');
  await searched(page, 'sum by (service_name) (count_over_time({} [10s]))');
  await page.locator('.lseries .ln').first().waitFor({ state: 'attached' });
  await page.locator('.series tbody tr', { hasText: 'service_name=planner-api' }).waitFor();
  await page.screenshot({ path: join(shots, 'logs-series-dark-wide.png') });
}

async function plain(page) {
  const rows = (page) => page.locator('#log-rows .lr'); // which no script takes over
  await page.goto('/logs?from=now-5m');
  await page.locator('#q').fill('level:info');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.waitForURL((u) => u.searchParams.get('q') === 'level:info');
  await rows(page).first().waitFor();
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.locator('#filter-pop [name=ff]').fill('method');
  await page.locator('#filter-pop [name=fv]').fill('POST');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.locator('.chip', { hasText: 'method is POST' }).waitFor();
  await page.locator('.lover .hb').last().evaluate((a) => a.click());
  await page.waitForURL((u) => u.searchParams.has('brush'));
  await page.locator('a[data-close][aria-label="Clear the brush"]').evaluate((a) => a.click());
  await page.waitForURL((u) => !u.searchParams.has('brush'));
  await page.getByRole('link', { name: 'Patterns' }).click();
  await page.locator('.pats tbody tr').first().waitFor();
  await page.locator('.tabs a', { hasText: 'Fields' }).click();
  await page.locator('.fields tbody tr').first().waitFor();
  await page.locator('.tabs a', { hasText: 'Compare' }).click();
  await page.locator('.against a', { hasText: 'All lines' }).click();
  await page.locator('.lcmp tbody tr').first().waitFor();
  await page.locator('.fac[data-name=level] .fv').first().click();
  await page.waitForURL((u) => (u.searchParams.get('q') ?? '') !== 'level:info');
}

async function views(page, name) {
  for (const view of ['patterns', 'fields', 'compare']) {
    await page.goto(`/logs?from=now-5m&view=${view}` + (view === 'compare' ? '&with=all&q=method:POST' : ''));
    await page.locator('.pats tbody tr, .fields tbody tr, .lcmp tbody tr').first().waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `${view} fits`);
    if (name.endsWith('narrow')) assert.deepEqual(await page.evaluate(tooSmall), []);
    await page.screenshot({ path: join(shots, `logs-${view}-${name}.png`) });
  }
  await page.goto('/logs?from=now-5m&q=' + encodeURIComponent('level:>=info service:planner-*') + '&filter=method:POST');
  await page.locator('#log-rows .lr').first().waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'lines fit');
  if (name.endsWith('narrow')) assert.deepEqual(await page.evaluate(tooSmall), []);
  await page.screenshot({ path: join(shots, `logs-query-${name}.png`) });
}

async function empty(page) {
  await page.goto('/logs');
  await searched(page, 'level:info unheard-of-word');
  const says = page.locator('.lines .empty');
  await says.waitFor();
  assert.match(await says.innerText(), /unheard-of-word/);
  assert.equal(await page.locator('#log-rows .lr').count(), 0);
}
