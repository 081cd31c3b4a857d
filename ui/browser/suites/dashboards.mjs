// Dashboards: those that made themselves, editing, import.

import assert from 'node:assert/strict';
import { json, until } from '../tripod.mjs';

export default function dashboards(scene) {
  scene('the planner has a dashboard with charts, numbers, a heat map and a table', looked);
  scene('a panel has the numbers of query_range', numbers);
  scene('a panel becomes a table and leads to its question', table);
  scene('a service leads to its dashboard, and its cells and rows to traces', leads);
  scene('the cross-hair is one for all charts', cross);
  scene('a copy is edited by keys and mouse, saved, and an old version restored', edited);
  scene('rows are added, named, moved and removed, and panels go from one to another', rows);
  scene('a panel is added, and a wrong query says why', added, { allow: /console error: Failed to load resource.*400|console error/ });
  scene('a deleted dashboard comes back', deleted);
  scene('a file of Grafana is imported, and says what is missing', imported);
  scene('dashboards fit a phone', phone, { size: 'narrow' });
}

const panel = (page, title) => page.locator('.dp').filter({ has: page.locator(`h2[title="${title}"]`) }).first();
const open = async (page, at = '/dashboards/auto-planner') => {
  await page.goto(at);
  await page.locator('.dp canvas').first().waitFor();
};

async function looked(page) {
  await page.goto('/dashboards');
  await page.getByRole('link', { name: 'Planner', exact: true }).last().click();
  await page.waitForURL(/auto-planner/);
  await panel(page, 'Requests').first().waitFor();
  await page.locator('.dp .dstat .v').first().waitFor();
  await page.locator('.dp .heat').first().waitFor();
  await panel(page, 'Endpoints').locator('tbody tr').first().waitFor();
  await page.locator('.dp canvas').first().waitFor();
  assert.equal(await page.locator('.dfail').count(), 0, 'no panel fails');
}

async function numbers(page, { origin }) {
  await open(page);
  const box = page.locator('.dc[data-plot]').first();
  const d = JSON.parse(await box.getAttribute('data-plot'));
  // the link to the explorer has the question with everything put in
  const explore = await box.locator('xpath=ancestor::section').locator('a[title="Explore"]').getAttribute('href');
  const asked = new URL(explore, origin).searchParams.get('q');
  const answer = await json(`${origin}/api/v1/query_range?query=${encodeURIComponent(asked)}&start=${d.times[0]}&end=${d.times.at(-1)}&step=${d.step}`);
  assert.equal(answer.data.result.length, d.series.length, 'as many series');
  let same = 0;
  for (const s of answer.data.result) {
    const line = d.series.find((l) => l.name === s.metric.service_name);
    assert.ok(line, `a line for ${JSON.stringify(s.metric)}`);
    // the newest points may still grow between the two questions
    for (const [t, v] of s.values.slice(0, -3)) {
      assert.equal(line.values[(t - d.times[0]) / d.step], Number(v), `${s.metric.service_name} at ${t}`);
      same++;
    }
  }
  assert.ok(same > 0 || answer.data.result.every((s) => s.values.length <= 3), 'points were compared');
}

async function table(page) {
  await open(page);
  const box = page.locator('.dp:has(.dc[data-plot])').first();
  const id = await box.getAttribute('id');
  await box.hover();
  await box.locator('a[title="Show as table"]').click();
  await page.locator(`#${id} table tbody tr`).first().waitFor();
  await page.waitForURL(/table=/);
  await page.locator(`#${id}`).hover();
  await page.locator(`#${id} a[title="Show as table"]`).click();
  await page.locator(`#${id} canvas`).waitFor();
  await page.locator(`#${id}`).hover();
  await page.locator(`#${id} a[title="Explore"]`).click();
  await page.waitForURL(/\/graph\?.*q=/);
}

async function cross(page) {
  await open(page);
  const plots = page.locator('.dp .u-over');
  await until('two plots', async () => (await plots.count()) >= 2);
  await until('the other plot shows the cross-hair too', async () => {
    const at = await plots.first().boundingBox(); // which moves while panels come
    await page.mouse.move(at.x + at.width / 3, at.y + at.height / 2);
    await page.mouse.move(at.x + at.width / 2, at.y + at.height / 2);
    return plots.nth(1).locator('.u-cursor-x').evaluate((el) => !el.classList.contains('u-off') && /translate/.test(el.style.transform));
  });
}

async function copied(page) {
  await open(page);
  await page.keyboard.press('e');
  await page.waitForURL(/\/dashboards\/planner-.*edit=1/);
  await page.locator('#dash.editing').waitFor();
}

const place = (box) => box.evaluate((el) => [...'xyw'].map((n) => Number(el.style.getPropertyValue('--' + n))).concat(Number(el.style.getPropertyValue('--hh'))));

async function edited(page) {
  await copied(page);
  const address = new URL(page.url()).pathname;
  const id = await page.locator('.dp:has(.dc[data-plot])').first().getAttribute('data-panel');
  const box = page.locator(`.dp[data-panel="${id}"]`);
  const [x, , w, h] = await place(box);
  await box.focus();
  await page.keyboard.press('ArrowRight');
  const redrawn = page.waitForResponse((r) => r.url().includes('/preview'));
  await page.keyboard.press('Shift+ArrowDown');
  await until('moved and taller', async () => (await place(box))[0] === x + 1 && (await place(box))[3] === h + 1);
  await redrawn;
  // what is drawn anew takes the place of the panel, under a drag and with its focus
  let anew;
  await until('narrower', async () => {
    anew = page.waitForResponse((r) => r.url().includes('/preview')).catch(() => {});
    await box.hover();
    const grip = await box.locator('.rz').boundingBox();
    if (!grip) return false;
    await page.mouse.move(grip.x + 8, grip.y + 8);
    await page.mouse.down();
    await page.mouse.move(grip.x - 200, grip.y + 8, { steps: 4 });
    await page.mouse.up();
    return (await place(box))[2] < w;
  });
  await anew;
  await until('drawn anew', () => box.locator('canvas').count());
  await until('its form is open', async () => {
    await box.focus();
    await page.keyboard.press('Enter');
    return page.locator('#dash-form').evaluate((form) => form.open);
  });
  await page.fill('#dash-form [name=title]', 'Renamed');
  await page.locator('#dash-form').getByRole('button', { name: 'Done' }).click();
  await panel(page, 'Renamed').waitFor();
  await page.keyboard.press('Control+s');
  await page.waitForURL((u) => u.pathname === address && !u.searchParams.has('edit'));
  await page.getByText(/version 2/).waitFor();
  await panel(page, 'Renamed').waitFor();
  await page.locator('[popovertarget="dash-more"]').click();
  await page.locator('#dash-more .opt', { hasText: 'copied from' }).click();
  await page.getByRole('button', { name: 'Restore this version' }).click();
  await page.getByText(/version 3/).waitFor();
  assert.equal(await panel(page, 'Renamed').count(), 0, 'it is as it was');
}

const bars = (page) => page.locator('.drbar input.input').evaluateAll((all) => all.map((el) => el.value));

async function rows(page, { origin }) {
  await copied(page);
  const address = new URL(page.url()).pathname;
  assert.deepEqual(await bars(page), ['', 'Behind it', 'Lines']);
  await page.locator('[data-act="dash-row"]').click();
  await until('a new row has the focus', () => page.evaluate(() => document.activeElement.matches('.drbar input.input') && document.activeElement.value === 'New row'));
  await page.keyboard.type('Mine');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.type), 'checkbox', 'Tab goes on');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.type('Mine');
  await page.getByRole('button', { name: 'Move up: row 4' }).click(); // which ends the typing
  assert.deepEqual(await bars(page), ['', 'Behind it', 'Mine', 'Lines']);
  await page.keyboard.press('Control+z');
  await until('it is below again', async () => (await bars(page)).join() === ',Behind it,Lines,Mine');
  await page.getByRole('button', { name: 'Move up: row 4' }).click();
  // from the first row, panel by panel to the one below by keys
  const queues = panel(page, 'Queues');
  const home = await queues.evaluate((el) => el.closest('.dg').dataset.row);
  await queues.focus();
  await until('a panel is in the row above', async () => {
    await page.keyboard.press('ArrowUp');
    return (await queues.evaluate((el) => el.closest('.dg').dataset.row)) !== home;
  });
  await page.keyboard.press('Control+z');
  await until('it is back', async () => (await queues.evaluate((el) => el.closest('.dg').dataset.row)) === home);
  // by mouse into the empty row
  await page.locator('.drbar').nth(3).scrollIntoViewIfNeeded(); // the one below, so that both are in view
  const jobs = panel(page, 'Cache failures');
  await jobs.hover();
  const grip = await jobs.locator('.grip').boundingBox();
  const into = await page.locator('.dg[data-row="n0"]').boundingBox();
  await page.mouse.move(grip.x + 4, grip.y + 4);
  await page.mouse.down();
  await page.mouse.move(into.x + 40, into.y + 20, { steps: 8 });
  await page.mouse.up();
  await until('it lies in the new row', async () => (await jobs.evaluate((el) => el.closest('.dg').dataset.row)) === 'n0');
  await page.getByRole('button', { name: 'Remove; its panels stay: row 4' }).click();
  await until('one row less', async () => (await bars(page)).join() === ',Behind it,Mine');
  await page.keyboard.press('Control+z');
  await until('it is there again', async () => (await bars(page)).join() === ',Behind it,Mine,Lines');
  await page.getByRole('button', { name: 'Remove; its panels stay: row 4' }).click();
  await until('one row less again', async () => (await bars(page)).join() === ',Behind it,Mine');
  await page.locator('.drbar input.input').nth(1).selectText();
  await page.keyboard.type('Behind all');
  await page.keyboard.press('Control+s');
  await page.waitForURL((u) => u.pathname === address && !u.searchParams.has('edit'));
  const kept = await json(`${origin}${address}/export`);
  assert.deepEqual(kept.rows.map((r) => r.title ?? ''), ['', 'Behind all', 'Mine']);
  assert.deepEqual(kept.rows[2].panels.map((p) => p.title).sort(), ['Cache failures', 'Warnings and errors']);
  assert.ok(!('key' in kept.rows[2]), 'the file has nothing of the page');
}

async function added(page) {
  await page.goto('/dashboards');
  await page.locator('main form[action="/dashboards"] button').click();
  await page.locator('#dash.editing').waitFor();
  await page.locator('[data-act="dash-add"]').click();
  await page.locator('#dash-form[open]').waitFor();
  await page.fill('#dash-form [name=title]', 'Mine');
  await page.selectOption('#dash-form [name=kind]', 'stat');
  await page.fill('#dash-form [name=decimals]', 'many');
  await page.locator('#dash-form').getByRole('button', { name: 'Done' }).click();
  await page.locator('#dash-form .dproblem', { hasText: 'is no number' }).waitFor();
  await page.fill('#dash-form [name=decimals]', '1');
  await page.fill('#dash-form [name=query]', 'sum(up');
  await page.locator('#dash-form').getByRole('button', { name: 'Done' }).click();
  await page.locator('.dfail').waitFor();
  await page.locator('.dp').focus();
  await page.keyboard.press('Enter');
  await page.fill('#dash-form [name=query]', 'sum(up)');
  await page.locator('#dash-form').getByRole('button', { name: 'Done' }).click();
  await page.locator('.dstat .v', { hasText: /\d\.\d/ }).waitFor();
  await page.keyboard.press('Control+s');
  await page.getByText(/version 2/).waitFor();
  await page.locator('.dstat .v', { hasText: /\d\.\d/ }).waitFor();
}

async function deleted(page) {
  await copied(page);
  const name = new URL(page.url()).pathname;
  await page.locator('[popovertarget="dash-more"]').click();
  await page.locator('#dash-more').getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL(/deleted=/);
  assert.equal(await page.locator(`#dashlist a[href^="${name}"]`).count(), 0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.waitForURL((u) => u.pathname === name);
}

async function imported(page) {
  await page.goto('/dashboards');
  await page.getByRole('button', { name: 'Import' }).first().click();
  const file = {
    schemaVersion: 39, title: 'From elsewhere',
    panels: [
      { id: 1, type: 'stat', title: 'Targets up', gridPos: { x: 0, y: 0, w: 6, h: 4 }, targets: [{ refId: 'A', expr: 'sum(up)' }], datasource: { type: 'prometheus' } },
      { id: 2, type: 'geomap', title: 'Where', gridPos: { x: 6, y: 0, w: 18, h: 8 } },
      { id: 3, type: 'text', title: 'Note', gridPos: { x: 0, y: 8, w: 24, h: 4 }, options: { mode: 'markdown', content: '# Hi <img src=x onerror=alert(1)>' } },
    ],
  };
  await page.fill('#dash-import textarea', JSON.stringify(file));
  await page.locator('#dash-import').getByRole('button', { name: 'Import' }).click();
  await page.waitForURL(/from-elsewhere-/);
  await page.getByText('1 thing of the imported file could not be carried over').click();
  await page.getByRole('cell', { name: 'panels[1]' }).waitFor();
  await page.getByText('Here was a panel of the kind "geomap"').waitFor();
  assert.equal(await page.locator('.dtext img').count(), 0, 'HTML of a text is text');
  await page.locator('.dstat .v', { hasText: /\d/ }).waitFor();
}

async function phone(page) {
  await page.goto('/dashboards/auto-planner');
  await page.locator('.dp canvas').first().waitFor();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 390, `the page is ${wide} px wide`);
}

async function leads(page) {
  await page.goto('/services');
  await page.locator('a[aria-label="Dashboard of planner-api"]').click();
  await page.waitForURL(/auto-service-planner-api/);
  // a cell of the map leads to the traces of its time and its durations
  const map = panel(page, 'Latency').locator('.dheat.leads .plot');
  await map.locator('path.heat').first().waitFor();
  await map.scrollIntoViewIfNeeded();
  // of one moment: a refresh moves the cells
  const { cells, box, chart } = await map.evaluate((el) => {
    const { x, y, width, height } = el.getBoundingClientRect();
    const { from, to } = el.closest('[data-from]').dataset;
    return { cells: JSON.parse(el.closest('.dheat.leads').dataset.cells), box: { x, y, width, height }, chart: { from: Number(from), to: Number(to) } };
  });
  const end = cells.ends.at(-2);
  const x = box.x + ((end - cells.step / 2 - chart.from) / (chart.to - chart.from)) * box.width;
  await page.mouse.click(x, box.y + box.height * (1 - 1.5 / cells.rows.length));
  await page.waitForURL(/\/traces\?/);
  const to = new URL(page.url()).searchParams;
  assert.equal(to.get('service'), 'planner-api');
  assert.equal(to.get('to'), String(end));
  assert.equal(to.get('from'), String(end - cells.step));
  assert.equal(new URL(cells.rows[1], page.url()).searchParams.get('max'), to.get('max'));
  // a row of the table leads to the traces of its operation
  await page.goBack();
  const rows = panel(page, 'Operations').locator('tbody a');
  const operation = await rows.first().textContent();
  const same = new RegExp(`^\\s*${operation.trim().replace(/[^\w\s]/g, '\\$&')}\\s*$`);
  await rows.filter({ hasText: same }).first().click(); // wherever it stands by now
  await page.waitForURL(/\/traces\?/);
  assert.equal(new URL(page.url()).searchParams.get('operation'), operation);
  // and the palette knows the dashboard
  await page.keyboard.press('Control+k');
  await page.locator('#palette input').fill('planner-api');
  await page.locator('#palette-list .opt', { hasText: 'planner-api' }).filter({ hasText: 'dashboard' }).click();
  await page.waitForURL(/auto-service-planner-api/);
}
