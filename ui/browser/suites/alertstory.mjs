// One alert from the question on the Metrics screen to its end: a rule is made
// and back-tested, fires, tells Slack, is silenced and resolved.

import assert from 'node:assert/strict';
import { json, until } from '../tripod.mjs';

export default function alertStory(scene) {
  scene('a rule is made, tried, saved, fires, is silenced and resolved', story);
  scene('the threshold is dragged on the chart, and the back-test follows', dragged);
  scene('an answer to an older threshold does not take a newer one apart', outrun);
  scene('what is wrong with a rule is said beside its field', wrong, { allow: /status of 400/ });
  scene('a rule is written in LogQL, and opens in LogQL again', logql);
  scene('a recording rule is made, writes its metric, is changed and deleted', recording);
  scene('a form with changes asks before it is left, but not after it was saved', unsaved);
  scene('a rule and a silence are made on a phone', phone, { size: 'narrow' });
}

const question = 'sum(rate(http_server_request_duration_seconds_count[10s]))';
const expr = (page) => page.locator('#rule-expr').inputValue();

async function newRule(page, name, threshold) {
  await page.goto(`/alerts/new?expr=${encodeURIComponent(`${question} > ${threshold}`)}&for=0s&span=1h`);
  await page.fill('[name=alert]', name);
}

async function story(page, { slack }) {
  const name = 'Story' + Date.now();
  const heard = (text) => until(`Slack hears ${text}`, () => slack.told.find((t) => t.includes(text)), 60_000);
  await page.goto('/graph?q=' + encodeURIComponent(question));
  await page.getByTitle('Alert on this').click();
  await page.waitForURL((u) => u.pathname === '/alerts/new');
  assert.equal(await expr(page), question);
  await page.locator('[data-compare]').click();
  await page.locator('#rule-threshold').fill('0.01');
  await until('the threshold stands in the expression', async () => (await expr(page)) === question + ' > 0.01');
  await page.fill('[name=alert]', name);
  await page.fill('[name=for]', '');
  await page.locator('[name="annotation.value"]').first().fill('it does {{ $value | humanize }}/s');
  await page.getByText('which would fire at once').waitFor();
  await page.locator('.rsample', { hasText: /it does [\d.]+\/s/ }).waitFor();
  await page.locator('#rule-test', { hasText: 'It would have fired' }).waitFor();
  await page.keyboard.press('Control+s');
  await page.waitForURL((u) => u.searchParams.get('sel') === name);
  await heard(`Firing: ${name}`);
  await until('the rule is listed as firing, and its notification as sent', async () => {
    await page.reload();
    return (await page.locator('#alert-notices', { hasText: 'if it still fires' }).count()) && (await page.locator('.ah .badge.err').count());
  });
  assert.match(await page.locator('.nroute').innerText(), /To Slack, grouped by .*, repeated every/);

  await page.getByRole('button', { name: 'Send a test' }).click();
  await page.locator('#alert-sent', { hasText: 'took it in' }).waitFor();
  await heard(`Firing: ${name}: A test of this rule's route`);

  await page.keyboard.press('m');
  await page.keyboard.type('known, being mended');
  await page.locator('#silence-look', { hasText: 'Mutes 1 firing alert until' }).waitFor();
  await page.fill('#silence-form [name=by]', 'alice');
  await page.getByRole('button', { name: 'Create silence' }).click();
  await page.locator('.sltab', { hasText: 'known, being mended' }).waitFor();
  await page.locator('.alist h3', { hasText: 'Silenced' }).waitFor();
  await page.locator('#alert-notices', { hasText: 'silenced until' }).waitFor();

  await page.keyboard.press('e');
  await page.waitForURL((u) => u.pathname.startsWith('/alerts/edit/'));
  await page.locator('#rule-threshold').fill('1000000');
  await until('the new threshold stands in the expression', async () => (await expr(page)) === question + ' > 1000000');
  await page.fill('[name=note]', 'over');
  await page.keyboard.press('Control+s');
  await page.waitForURL((u) => u.searchParams.get('sel') === name);
  await heard(`Resolved: ${name} after`);

  await page.locator('.sltab').getByRole('button', { name: 'Expire' }).click();
  await page.locator('.sltab').waitFor({ state: 'detached' });
  await page.keyboard.press('e');
  await page.waitForURL((u) => u.pathname.startsWith('/alerts/edit/'));
  await page.getByText('2 versions').click();
  await page.locator('.rhist a').last().click();
  await page.getByText('This is version 1, not the newest').waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('The rule was deleted.').waitFor();
  assert.equal(await page.locator(`#rule-${name}`).count(), 0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.waitForURL((u) => u.searchParams.get('sel') === name);
  await page.locator(`#rule-${name}`).waitFor();
}

async function dragged(page) {
  await newRule(page, 'Dragged', 5);
  const threshold = async () => Number(await page.locator('#rule-threshold').inputValue());
  await until('the line is dragged', async () => { // an answer to what was written may draw the chart anew meanwhile
    await page.locator('#rule-look .tlab').waitFor();
    const at = await page.locator('#rule-look .tlab').boundingBox();
    const over = await page.locator('#rule-look .over').boundingBox();
    if (!at || !over) return false;
    await page.mouse.move(at.x + 120, at.y + at.height);
    if (!(await page.locator('#rule-look .achart.drag').count())) return false;
    await page.mouse.down();
    await page.mouse.move(at.x + 120, over.y + over.height / 4, { steps: 4 });
    await page.mouse.up();
    return (await threshold()) > 5;
  });
  const value = await threshold();
  await until('it stands in the expression', async () => (await expr(page)) === `${question} > ${value}`);
  await page.locator('#rule-test tr.on td', { hasText: String(value) }).first().waitFor();
  await page.locator('#rule-slide').focus();
  await page.keyboard.press('Home');
  await until('the slider moves it too', async () => (await expr(page)) === `${question} > 0`);
}

async function outrun(page) {
  await newRule(page, 'Outrun', 1);
  await page.getByText('which would fire at once').waitFor();
  const field = page.locator('#rule-threshold');
  let early; // the first answer, which waits; the others never come
  let answer = () => {};
  await page.route('**/alerts/preview?part=look', async (route) => {
    if (early) return;
    early = route.fetch();
    const response = await early;
    answer = () => route.fulfill({ response }).catch(() => {}); // given up since
  });
  await field.fill('12');
  await until('what 12 would do is known', () => early);
  await early;
  await field.fill('345');
  await answer();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await field.fill('6');
  await until('6 stands in the expression', async () => (await expr(page)) === question + ' > 6');
}

async function wrong(page) {
  await newRule(page, 'Wrong', 1);
  await page.fill('[name=for]', 'soon');
  await page.locator('.ferr[data-field=for]', { hasText: 'want a duration' }).waitFor();
  await page.locator('[name="annotation.value"]').first().fill('{{ $value | nonsense }}');
  await page.locator('.ferr[data-field=annotations]', { hasText: 'summary: ' }).waitFor();
  await page.keyboard.press('Control+s');
  await page.waitForURL((u) => u.pathname === '/alerts/new' && !u.search);
  await page.locator('.ferr[data-field=for]', { hasText: 'want a duration' }).waitFor();
  assert.equal(await page.inputValue('[name=alert]'), 'Wrong');
}

async function logql(page) {
  const name = 'InLogQL' + Date.now();
  const query = 'sum by (service_name) (count_over_time({service_name=~".+"} [10s]))';
  await page.goto('/alerts/new?for=0s&span=1h');
  await page.fill('[name=alert]', name);
  await page.locator('.rquery label', { hasText: 'LogQL' }).click();
  await page.fill('#rule-logql', query);
  await page.locator('[data-compare]').click();
  await until('the number stands beside the query', () => page.inputValue('[name=than]'));
  await page.fill('[name=than]', '0.5');
  await page.getByText('which would fire at once').waitFor();
  await page.locator('#rule-look .tlab', { hasText: 'threshold 0.5' }).waitFor();
  await page.fill('#rule-logql', query.slice(0, -2));
  await page.locator('.ferr[data-field=expr]').filter({ hasText: /./ }).waitFor();
  assert.doesNotMatch(await page.locator('.ferr[data-field=expr]').innerText(), /__logql__/);
  await page.fill('#rule-logql', query);
  await page.locator('#rule-test', { hasText: 'It would have fired' }).waitFor();
  await page.keyboard.press('Control+s');
  await page.waitForURL((u) => u.searchParams.get('sel') === name);
  assert.equal(await page.locator('#alert-chart code').innerText(), query + ' > 0.5');
  await page.keyboard.press('e');
  await page.waitForURL((u) => u.pathname.startsWith('/alerts/edit/'));
  assert.equal(await page.inputValue('#rule-logql'), query);
  await page.locator('.rquery label', { hasText: 'PromQL' }).click();
  await until('PromQL has what is stored', async () => (await expr(page)) === `{__logql__=\`${query}\`} > 0.5`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('The rule was deleted.').waitFor();
}

async function recording(page, { origin }) {
  const name = 'story:requests:rate' + Date.now();
  await page.goto('/alerts/new');
  await page.locator('.rkind label', { hasText: 'Recording rule' }).click();
  assert.equal(await page.locator('[name=for]').isVisible(), false);
  await page.fill('[name=alert]', name);
  await page.evaluate((q) => {
    const area = document.querySelector('#rule-expr');
    area.dispatchEvent(new CustomEvent('tripod:replace', { detail: { from: 0, to: area.value.length, insert: q }, cancelable: true })) && (area.value = q);
  }, question);
  await page.getByText('Now it records one series').waitFor();
  assert.equal(await page.locator('#rule-test').isVisible(), false);
  await page.getByRole('button', { name: 'Save rule' }).click();
  await page.waitForURL((u) => u.searchParams.get('sel') === name);
  await until('its metric is there', async () => {
    const answer = await json(`${origin}/api/v1/query?query=${encodeURIComponent(`{__name__="${name}"}`)}`);
    return answer.data.result.length === 1;
  });
  await page.keyboard.press('e');
  await page.waitForURL((u) => u.pathname.startsWith('/alerts/edit/'));
  await page.locator('[name="label.name"]').first().fill('env');
  await page.locator('[name="label.value"]').first().fill('story');
  await page.getByRole('button', { name: 'Save rule' }).click();
  await page.getByText('Saved as version 2').waitFor();
  await page.keyboard.press('e');
  await page.waitForURL((u) => u.pathname.startsWith('/alerts/edit/'));
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('The rule was deleted.').waitFor();
}

async function unsaved(page, { own }) {
  const name = own('Unsaved');
  const asked = [];
  page.on('dialog', (d) => {
    asked.push(d.type());
    void d.dismiss();
  });
  await newRule(page, name, 1000000);
  await page.locator('[name=alert]').pressSequentially('Rule');
  await page.getByRole('link', { name: 'Cancel' }).click();
  await until('it asks', () => asked.length === 1);
  assert.deepEqual(asked, ['beforeunload']);
  assert.equal(await page.inputValue('[name=alert]'), name + 'Rule');
  await page.keyboard.press('Control+s');
  await page.waitForURL((u) => u.searchParams.get('sel') === name + 'Rule');
  await page.keyboard.press('e');
  await page.waitForURL((u) => u.pathname.startsWith('/alerts/edit/'));
  await page.getByRole('link', { name: 'Cancel' }).click();
  await page.waitForURL((u) => u.pathname === '/alerts');
  assert.equal(asked.length, 1, 'nothing was changed, so nothing is asked');
}

async function phone(page, { own }) {
  const [name, nobody] = [own('Pocket'), own('nobody')];
  await newRule(page, name, 1000000);
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  assert.ok(await wide(), 'the form does not scroll sideways');
  await page.getByRole('button', { name: 'Save rule' }).click();
  await page.waitForURL((u) => u.searchParams.get('sel') === name);
  await page.goto('/alerts/silences?m.name=service_name&m.op=%3D&m.value=' + nobody);
  await page.locator('#silence-look', { hasText: 'Matches no alert of this moment' }).waitFor();
  assert.ok(await wide(), 'silences do not scroll sideways');
  await page.getByText('Pick').click();
  await page.fill('[name=until]', '2020-01-01 10:00');
  await page.locator('.ferr[data-field=until]', { hasText: 'is over already' }).waitFor();
  await page.getByText('4 h').click();
  await page.getByRole('button', { name: 'Create silence' }).click();
  await page.locator('.sltab', { hasText: nobody }).waitFor();
  await page.getByRole('button', { name: 'Expire' }).first().click();
  await page.getByText('Ended').first().waitFor();
}
