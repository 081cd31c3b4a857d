// Pages of other origins send OTLP: those that are named by --otlp-origins, with
// the OpenTelemetry SDK for the web, and no others.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { json, startBrowser, startTripod, until } from './tripod.mjs';

const producers = fileURLToPath(new URL('../../testdata/producers/', import.meta.url));
const skip = !existsSync(producers + 'node_modules/@opentelemetry/sdk-trace-web') && 'npm ci has not run in testdata/producers; make producers does both';

// site serves a page whose script is the bundle, at an origin of its own.
async function site(script) {
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(request.url === '/' ? `<!doctype html><title>shop</title><script>${script}</script>` : 'item');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => new Promise((resolve) => server.close(resolve)) };
}

describe('OTLP from pages of other origins', { skip }, () => {
  let named, other, tripod, browser;

  before(async () => {
    const bundle = await build({ entryPoints: [producers + 'browser.mjs'], bundle: true, write: false, format: 'iife', platform: 'browser', target: 'es2022', minify: true, logLevel: 'silent' });
    const script = bundle.outputFiles[0].text.replaceAll('</script', '<\\/script');
    [named, other] = await Promise.all([site(script), site(script)]);
    tripod = await startTripod('serve', '--otlp-origins', named.origin);
    browser = await startBrowser();
  }, { timeout: 60_000 });

  after(async () => {
    await browser?.close();
    await tripod?.stop();
    await Promise.all([named?.stop(), other?.stop()]);
  });

  // send makes a page at an origin do its work.
  async function send(origin, within) {
    const page = await browser.newPage();
    try {
      await page.goto(origin);
      return await page.evaluate((args) => globalThis.work(...args), [`${tripod.url}/v1/traces`, `${origin}/item`, within]);
    } finally {
      await page.close();
    }
  }

  test('one that is named sends a trace', { timeout: 120_000 }, async () => {
    const id = await send(named.origin, 60_000);
    const answer = await until('the trace', () => json(`${tripod.url}/api/v3/traces/${id}`).catch(() => undefined));
    const [{ resource, scopeSpans }] = answer.result.resourceSpans;
    assert.equal(resource.attributes.find((a) => a.key === 'service.name').value.stringValue, 'browser-shop');
    assert.ok(resource.attributes.some((a) => a.key === 'telemetry.sdk.language' && a.value.stringValue === 'webjs'));
    const spans = scopeSpans.flatMap((s) => s.spans);
    const click = spans.find((s) => s.name === 'click buy');
    const fetched = spans.find((s) => s.kind === 3);
    assert.equal(spans.length, 2);
    assert.equal(fetched.parentSpanId, click.spanId);
    assert.deepEqual(click.attributes, [{ key: 'cart.items', value: { intValue: '3' } }]);
  });

  test('one that is not named sends nothing', { timeout: 120_000 }, async () => {
    await assert.rejects(send(other.origin, 2_000));
    assert.deepEqual((await json(`${tripod.url}/api/services`)).data.filter((s) => s.startsWith('browser-')), ['browser-shop']);
  });

  test('one that is named may neither read nor change anything else', { timeout: 120_000 }, async () => {
    const page = await browser.newPage();
    try {
      await page.goto(named.origin);
      const ask = (path, method) => page.evaluate(([url, method]) => fetch(url, { method, mode: 'cors' }).then((r) => r.status, () => 'refused'), [tripod.url + path, method]);
      assert.equal(await ask('/api/services', 'GET'), 'refused');
      assert.equal(await ask('/-/reload', 'POST'), 'refused');
      assert.equal(await ask('/api/v1/logs', 'POST'), 'refused');
    } finally {
      await page.close();
    }
  });
});
