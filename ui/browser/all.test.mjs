// One appliance in demo mode and one browser for all suites: each test opens
// a context of its own, and at its end nothing may have been said on the
// console and nothing asked elsewhere.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { json, mendAll, open, shots, startBrowser, startSlack, startTripod, until } from './tripod.mjs';
import alerts from './suites/alerts.mjs';
import alertStory from './suites/alertstory.mjs';
import dashboards from './suites/dashboards.mjs';
import evidence from './suites/evidence.mjs';
import logs from './suites/logs.mjs';
import logslive from './suites/logslive.mjs';
import logsQuery from './suites/logsquery.mjs';
import metrics from './suites/metrics.mjs';
import overview from './suites/overview.mjs';
import planner from './suites/planner.mjs';
import screens from './suites/screens.mjs';
import services from './suites/services.mjs';
import shell from './suites/shell.mjs';
import status from './suites/status.mjs';
import traces from './suites/traces.mjs';

let tripod;
let browser;
let slack;

before(async () => {
  // Short intervals, so that charts have points after seconds.
  slack = await startSlack();
  tripod = await startTripod('demo', '--scrape-interval', '2s', '--eval-interval', '2s', '--rate', '20', '--slack-webhook', slack.url);
  browser = await startBrowser();
  await until('lines, metrics and traces of the demo', async () => {
    const lines = await json(`${tripod.url}/loki/api/v1/query_range?limit=500&query=${encodeURIComponent('{service_name=~".+"}')}`);
    const rate = await json(`${tripod.url}/api/v1/query?query=${encodeURIComponent('sum(rate(http_server_request_duration_seconds_count[10s]))')}`);
    return lines.data.result.reduce((n, stream) => n + stream.values.length, 0) > 450 && Number(rate.data.result[0]?.value[1] ?? 0) > 0;
  });
}, { timeout: 180_000 });

after(async () => {
  await browser?.close();
  await tripod?.stop();
  slack?.stop();
});

const limit = 300_000; // ms of one play, which ends long before that where something is waited for in vain

// scene is a test with a page of its own. Faults that a test provokes on
// purpose (a page answered with 503 is told on the console) match allow.
// A scene that fails is played once more: on a busy machine a page of moving
// lines may take longer than a wait. What fails twice fails, and both are told.
// The second play finds the planner whole, and what the first one made under
// the name own('x') does not stand in its way.
function scene(name, run, { allow, ...look } = {}) {
  test(name, { timeout: 2 * limit + 60_000 }, async (t) => {
    await play((x) => x).catch(async (err) => {
      t.diagnostic(`played again: ${err.message}`);
      await mendAll(tripod.url);
      await play((x) => x + '-again');
    });
  });
  async function play(own) {
    const { page, context, faults } = await open(browser, tripod.url, look);
    const late = setTimeout(() => context.close({ reason: `played for ${limit / 1000} s` }).catch(() => {}), limit);
    try {
      await run(page, { origin: tripod.url, context, faults, slack, own });
      const left = faults.filter((f) => !allow?.test(f));
      assert.deepEqual(left, [], 'console, errors and foreign requests');
    } catch (err) {
      await page.screenshot({ path: join(shots, `failed-${name.replace(/\W+/g, '-').slice(0, 60)}.png`) }).catch(() => {});
      throw err;
    } finally {
      clearTimeout(late);
      await context.close();
    }
  }
}

// Scenes of these suites leave alone what others look at; they mostly wait.
const two = { concurrency: 2 };

describe('screens', two, () => screens(scene));
describe('shell', () => shell(scene));
describe('logs', two, () => logs(scene));
describe('live logs', two, () => logslive(scene));
describe('logs: asking', two, () => logsQuery(scene));
describe('traces', two, () => traces(scene));
describe('services', two, () => services(scene));
describe('metrics', () => metrics(scene));
describe('dashboards', () => dashboards(scene));
describe('status', () => status(scene));
describe('planner', () => planner(scene));
describe('overview', () => overview(scene));
describe('alerts', () => alerts(scene));
describe('evidence', () => evidence(scene));
describe('an alert from its rule to its end', () => alertStory(scene));
