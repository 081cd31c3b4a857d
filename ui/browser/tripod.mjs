// Starts the real binary on free ports and a headless Chromium, and watches
// what the browser does: every request, console message and page error.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { executable } from './which.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const shots = join(root, 'out', 'shots');

export async function startTripod(...args) {
  const data = mkdtempSync(join(tmpdir(), 'tripod-browser-'));
  const child = spawn(
    join(root, 'bin', 'tripod'),
    [...args, '--data', data, '--listen', '127.0.0.1:0', '--otlp-grpc', '127.0.0.1:0', '--otlp-http', '127.0.0.1:0'],
    { stdio: ['ignore', 'ignore', 'pipe'], cwd: data, env: { PATH: process.env.PATH, HOME: process.env.HOME } },
  );
  const said = [];
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      const ready = line.match(/Tripod is ready: (\S+)/);
      if (ready) resolve(ready[1]);
    });
    child.on('exit', (code) => reject(new Error(`tripod ended with ${code}:\n${said.join('\n')}`)));
  });
  return {
    url,
    said,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const code = await ended;
      rmSync(data, { recursive: true, force: true });
      if (code !== 0) throw new Error(`tripod ended with ${code}:\n${said.join('\n')}`);
    },
  };
}

// startSlack is an incoming webhook that keeps what it is told.
export async function startSlack() {
  const told = [];
  const server = createServer((request, answer) => {
    let body = '';
    request.on('data', (d) => (body += d));
    request.on('end', () => {
      told.push(JSON.parse(body).text);
      answer.end('ok');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/services/x`, told, stop: () => server.close() };
}

export async function startBrowser() {
  if (!executable) throw new Error('no Chromium found: install it, or name it in CHROMIUM');
  mkdirSync(shots, { recursive: true });
  return chromium.launch({
    executablePath: executable,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

// watch collects what must not happen on a page.
export function watch(page, origin) {
  const faults = [];
  page.on('request', (r) => {
    const url = r.url();
    if (!url.startsWith(origin + '/') && !url.startsWith('data:')) faults.push(`asked ${url}`);
  });
  page.on('console', (m) => faults.push(`console ${m.type()}: ${m.text()} (${m.location().url})`));
  page.on('pageerror', (e) => faults.push(`error: ${e.message}`));
  page.on('requestfailed', (r) => {
    // a navigation gives up what the page before was still waiting for
    if (r.failure()?.errorText !== 'net::ERR_ABORTED') faults.push(`failed ${r.url()}: ${r.failure()?.errorText}`);
  });
  return faults;
}

export const widths = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };

export async function open(browser, origin, { theme = 'dark', size = 'wide', script = true } = {}) {
  const context = await browser.newContext({ viewport: widths[size], hasTouch: size === 'narrow', colorScheme: theme, timezoneId: 'UTC', baseURL: origin, javaScriptEnabled: script });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  if (process.env.TEST_TRIPOD_SLOW) await slow(context, page, Number(process.env.TEST_TRIPOD_SLOW));
  return { page, context, faults: watch(page, origin) };
}

// slow has a page be played as on a machine of so many times less speed whose
// answers take 50 ms each time more: TEST_TRIPOD_SLOW=6 finds scenes that do not wait.
async function slow(context, page, times) {
  const devtools = await context.newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: times });
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 50 * times, downloadThroughput: -1, uploadThroughput: -1 });
}

// until asks again and again for something that the page has no event for, and
// gives what probe gave once that is truthy.
export async function until(what, probe, ms = 60_000) {
  const end = Date.now() + ms;
  for (;;) {
    const got = await probe();
    if (got) return got;
    if (Date.now() > end) throw new Error(`waited ${ms / 1000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// offered waits for what completes the word that is typed. An appliance that is
// busy offers nothing after a while: then it is asked again, by its last letter.
export async function offered(page, option, again = () => lastLetter(page)) {
  await until('what is offered', async () => {
    if (await option.waitFor({ timeout: 5000 }).then(() => true, () => false)) return true;
    await again();
    return false;
  });
}

async function lastLetter(page) {
  const last = await page.evaluate(() => document.activeElement.value.at(-1));
  await page.keyboard.press('Backspace');
  await page.keyboard.type(last);
}

export async function json(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

// mendAll ends every fault of the planner, of which a scene that failed may have
// left one.
export async function mendAll(origin) {
  for (const { name } of (await json(`${origin}/planner/api/v1/faults`)).faults) {
    await fetch(`${origin}/planner/api/v1/faults/${name}`, { method: 'DELETE' });
  }
}

// post sends a form as a page would.
export async function post(url, form) {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}
