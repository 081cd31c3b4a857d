// The planner as its user sees it, and the bar that shows how Tripod saw it.

import assert from 'node:assert/strict';

export const text = 'Call the dentist tomorrow 9:00 !high';
const title = 'Call the dentist';

export default function planner(scene) {
  scene('sign up, add, complete, reopen, delete', day);
  scene('sign out, a wrong password, and the right one', password, { allow: /status of 401/ });
  scene('what was just done: its trace and its lines', seen);
  scene('a bad deploy is told in plain words, and mended', badDeploy, { allow: /status of 50[03]/ });
}

export async function signUp(page, name) {
  const email = `${name}-${crypto.randomUUID().slice(0, 8)}@example.com`;
  await page.goto('/planner/');
  const form = page.locator('form[action="/planner/signup"]');
  await form.getByLabel('Name').fill(name);
  await form.getByLabel('E-mail').fill(email);
  await form.getByLabel('Password').fill('correct horse');
  await form.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'This week' }).waitFor();
  return email;
}

// loaded does something that ends in a new page and waits for that.
export async function loaded(page, act) {
  const done = page.waitForEvent('load');
  await act();
  await done;
}

export async function addTask(page, line) {
  await page.getByLabel('New task').fill(line);
  await loaded(page, () => page.keyboard.press('Enter'));
}

const task = (page) => page.locator('.task', { hasText: title });
const goTo = (page, name) => page.locator('nav.side a.n', { hasText: name }).click();

async function day(page) {
  await signUp(page, 'Ada');
  await addTask(page, text);
  await goTo(page, 'Upcoming');
  await task(page).waitFor();
  assert.match(await task(page).locator('.due').innerText(), /9:00/);
  assert.match(await task(page).locator('.pri').getAttribute('title'), /high/i);

  await loaded(page, () => task(page).getByRole('button', { name: 'Mark as done' }).click());
  await goTo(page, 'Done');
  await page.locator('.task.done', { hasText: title }).waitFor();
  await page.locator('.card', { hasText: 'This week' }).getByText('1 done', { exact: true }).waitFor();

  await loaded(page, () => task(page).getByRole('button', { name: 'Mark as not done' }).click());
  await goTo(page, 'Upcoming');
  await task(page).waitFor();
  await task(page).hover();
  await task(page).getByRole('button', { name: 'Delete' }).click();
  await task(page).waitFor({ state: 'detached' });
}

async function password(page) {
  const email = await signUp(page, 'Grace');
  await page.getByRole('button', { name: 'Sign out' }).click();
  const form = page.locator('form[action="/planner/signin"]');
  await form.getByLabel('E-mail').fill(email);
  await form.getByLabel('Password').fill('wrong horse');
  await form.getByRole('button', { name: 'Sign in' }).click();
  assert.equal(await page.getByRole('alert').innerText(), 'That e-mail and password do not belong together.');
  assert.equal(await form.getByLabel('E-mail').inputValue(), email, 'what was typed stays');
  await form.getByLabel('Password').fill('correct horse');
  await form.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'This week' }).waitFor();
}

async function seen(page) {
  await signUp(page, 'Edith');
  await addTask(page, text);
  const did = new URL(page.url()).searchParams.get('did');
  const bar = page.locator('#xray');
  await bar.getByRole('link', { name: 'Trace' }).waitFor();
  assert.match(await bar.innerText(), /Seen by Tripod[\s\S]*POST[\s\S]*303/);
  const lines = bar.getByRole('link', { name: /lines?$/ });
  const count = Number((await lines.innerText()).match(/\d+/)[0]);
  assert.ok(count >= 2, 'one line of each planner at least');

  await bar.getByRole('link', { name: 'Trace' }).click();
  await page.waitForURL((u) => u.pathname === '/traces/' + did);
  const legend = await page.locator('.wfoot .svc').allInnerTexts();
  assert.ok(legend.includes('planner-web') && legend.includes('planner-api'), String(legend));

  await page.goBack();
  await bar.getByRole('link', { name: /lines?$/ }).click();
  await page.waitForURL((u) => u.pathname === '/logs');
  assert.equal(new URL(page.url()).searchParams.get('q'), 'trace_id:' + did);
  await page.locator('#log-rows .lr').first().waitFor();
  assert.ok((await page.locator('#log-rows .lr').count()) >= count);
  const services = new Set(await page.locator('#log-rows .lr .svc').allInnerTexts());
  assert.ok(services.has('planner-web') && services.has('planner-api'), [...services].join());
}

const fault = (page, name) => page.locator('#faults form', { hasText: name });

export async function breakIt(page, name) {
  await loaded(page, () => fault(page, name).getByRole('button', { name: /^Break/ }).click());
  await fault(page, name).getByRole('button', { name: /^Mend/ }).waitFor();
}

export async function mend(page, name) {
  await page.goto('/planner/');
  await loaded(page, () => fault(page, name).getByRole('button', { name: /^Mend/ }).click());
  await fault(page, name).getByRole('button', { name: /^Break/ }).waitFor();
}

async function badDeploy(page) {
  await signUp(page, 'Katherine');
  await breakIt(page, 'Bad deploy');
  try {
    // Most new tasks fail, not all: the first that does is what is looked at.
    const says = page.locator('.addp .t-err');
    for (let i = 0; i < 20 && !(await says.count()); i++) await addTask(page, text);
    assert.equal(await says.innerText(), 'Not saved: something is not working right now. Please try again in a moment.');
    assert.equal(await page.getByLabel('New task').inputValue(), text, 'what was typed stays');
    const bar = page.locator('#xray');
    await bar.getByRole('link', { name: 'Trace' }).waitFor();
    assert.match(await bar.locator('b.t-err').innerText(), /50[03]/);
    await bar.getByRole('link', { name: 'Trace' }).click();
    await page.locator('.wr.e').first().waitFor();
  } finally {
    await mend(page, 'Bad deploy');
  }
  await addTask(page, text);
  assert.ok(new URL(page.url()).searchParams.has('did'), 'saved again');
  assert.equal(await page.locator('.addp .t-err').count(), 0);
}
