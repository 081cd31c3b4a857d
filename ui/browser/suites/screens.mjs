// Every screen, dark and light, wide and narrow: silent, in its frame, focus
// visible, large enough to touch; and a picture of each.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { json, shots, until } from '../tripod.mjs';
import { fired } from './evidence.mjs';
import { loaded } from './planner.mjs';

const views = [
  { name: 'overview', path: '/', title: 'Overview · Tripod', shows: '#services tbody tr' },
  { name: 'logs', path: '/logs', title: 'Logs · Tripod', shows: '#log-rows .lr' },
  { name: 'graph', path: '/graph', title: 'Metrics · Tripod', shows: '#graph canvas' },
  { name: 'traces', path: '/traces', title: 'Traces · Tripod', shows: '#trace-rows tr' },
  { name: 'trace', path: async (origin) => '/traces/' + (await aTrace(origin)), title: /· Tripod$/, shows: '.wr .barw' },
  { name: 'services', path: '/services', title: 'Services · Tripod', shows: '#map .el' },
  { name: 'services-chosen', path: '/services?sel=planner-api', title: 'Services · Tripod', shows: '#operations tbody tr' },
  { name: 'trace-flame', path: async (origin) => '/traces/' + (await aTrace(origin)) + '?view=flame', title: /· Tripod$/, shows: '.fr' },
  { name: 'trace-map', path: async (origin) => '/traces/' + (await aTrace(origin)) + '?view=map', title: /· Tripod$/, shows: '.tmap .nd' },
  { name: 'trace-lines', path: async (origin) => '/traces/' + (await aTrace(origin)) + '?lines=on', title: /· Tripod$/, shows: '.wr.ll' },
  { name: 'trace-compare', path: async (origin) => '/traces/compare?' + new URLSearchParams((await twoTraces(origin)).map((id) => ['t', id])), title: 'Compare · Tripod', shows: '.tcrows tbody tr' },
  { name: 'traces-operations', path: '/traces?sort=operation', title: 'Traces · Tripod', shows: '#trace-groups tbody tr' },
  { name: 'alerts', path: '/alerts', title: 'Alerts · Tripod', shows: '#rule-HighErrorRate' },
  { name: 'evidence', path: async (origin) => (await fired(origin, 'screens')).path, title: 'Evidence of HighErrorRate · Tripod', shows: '#evidence-traces .evs li' },
  { name: 'rule', path: '/alerts/new?expr=' + encodeURIComponent('sum by (service_name) (rate(http_server_request_duration_seconds_count[10s])) > 1') + '&span=1h', title: 'New rule · Tripod', shows: '#rule-test .verdictline' },
  { name: 'all-evidence', path: '/alerts/evidence', title: 'Evidence · Tripod', shows: '.evl h1' },
  { name: 'silences', path: '/alerts/silences?m.name=service_name&m.op=%3D&m.value=planner-api', title: 'Silences · Tripod', shows: '#silence-look b' },
  { name: 'status', path: '/status', title: 'Appliance · Tripod', shows: '#targets tbody tr' },
  { name: 'planner-gate', path: '/planner/', title: 'Planner · Tripod', shows: 'form[action="/planner/signin"]' },
];

const days = [
  { name: 'planner-today', path: '/planner/', title: 'Planner · Tripod', shows: '.task' },
  { name: 'planner-upcoming', path: '/planner/?view=upcoming', title: 'Planner · Tripod', shows: '.task' },
  { name: 'planner-done', path: '/planner/?view=done', title: 'Planner · Tripod', shows: '.task.done' },
];

// aTrace is one in which planner-web asks planner-api and that its database. It
// began some seconds ago, so that no more spans come.
export async function aTrace(origin) {
  return until('a trace of both planners', async () => {
    const found = await json(`${origin}/api/traces?service=planner-web&limit=200&lookback=1h`);
    const services = (t) => new Set(Object.values(t.processes).map((p) => p.serviceName)).size;
    const whole = (t) => Math.min(...t.spans.map((s) => s.startTime)) < (Date.now() - 5000) * 1000;
    const best = found.data.filter((t) => services(t) > 1 && whole(t)).sort((a, b) => b.spans.length - a.spans.length)[0];
    return best?.traceID;
  });
}

async function twoTraces(origin) {
  await aTrace(origin);
  const found = await json(`${origin}/api/traces?service=planner-web&limit=20&lookback=1h`);
  return found.data.slice(0, 2).map((t) => t.traceID);
}

export default function screens(scene) {
  for (const theme of ['dark', 'light']) {
    for (const size of ['wide', 'narrow']) {
      scene(`all screens, ${theme}, ${size}`, (page, env) => visitAll(page, env, theme, size), { theme, size });
    }
  }
}

async function visitAll(page, { origin }, theme, size) {
  const bad = [];
  const go = async (view) => bad.push(...(await visit(page, origin, view, theme, size)).map((f) => `${view.name}: ${f}`));
  for (const view of views) await go(view);
  await loaded(page, () => page.getByRole('button', { name: 'Look around' }).click());
  await loaded(page, () => page.getByRole('button', { name: /^Mark as done/ }).first().click());
  for (const view of days) await go(view);
  assert.deepEqual(bad, []);
}

async function visit(page, origin, view, theme, size) {
  const path = typeof view.path === 'function' ? await view.path(origin) : view.path;
  const answer = await page.goto(path);
  assert.equal(answer.status(), 200, view.name);
  await page.locator(view.shows).first().waitFor();
  if (view.name.startsWith('planner')) await page.locator('#xray a[href^="/traces/"]').first().waitFor();
  await page.screenshot({ path: join(shots, `${view.name}-${theme}-${size}.png`) });

  const bad = [];
  const title = await page.title();
  if (view.title instanceof RegExp ? !view.title.test(title) : title !== view.title) bad.push(`title ${title}`);
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number));
  if (Math.max(...ground) < 90 !== (theme === 'dark')) bad.push(`ground ${ground}`);
  bad.push(...(await page.evaluate(overflowing)));
  bad.push(...(await page.evaluate(pale)));
  if (size === 'narrow') bad.push(...(await page.evaluate(tooSmall)));
  if ((theme === 'dark') === (size === 'wide')) bad.push(...(await unseenFocus(page))); // once a width, and once a theme
  return bad;
}

// overflowing runs in the page: what makes it wider than the window.
export function overflowing() {
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide <= 0) return [];
  const out = [...document.querySelectorAll('body *')].filter((el) => el.getBoundingClientRect().right > innerWidth + 1);
  return [`${wide} px wider than the window`, ...out.slice(0, 5).map((el) => `${el.tagName}.${el.className}`)];
}

// pale runs in the page: text with less contrast to its ground than 4.5 to 1.
// A canvas turns every notation of a colour into bytes.
function pale() {
  const ink = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    ink.clearRect(0, 0, 1, 1);
    ink.fillStyle = colour;
    ink.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = ink.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below, share = top[3]) => [0, 1, 2].map((i) => top[i] * share + below[i] * (1 - share));
  const up = (el) => (el ? [el, ...up(el.parentElement)] : []);
  const ground = (el) => up(el).reduceRight((below, e) => over(rgba(getComputedStyle(e).backgroundColor), below), [255, 255, 255]);
  const light = (colour) => {
    const [r, g, b] = colour.map((n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const bad = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim();
    const el = texts.currentNode.parentElement;
    const box = el.getBoundingClientRect();
    if (!text || el.closest('.vh, svg, script, [disabled]') || box.width < 2 || box.bottom < 0 || box.top > innerHeight) continue;
    if (!el.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const below = ground(el);
    const shown = up(el).reduce((share, e) => share * Number(getComputedStyle(e).opacity), 1);
    const colour = rgba(getComputedStyle(el).color);
    const [a, b] = [light(over(colour, below, colour[3] * shown)), light(below)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(`contrast ${ratio.toFixed(2)} of ${el.tagName.toLowerCase()}.${el.className}: ${text.slice(0, 30)}`);
  }
  return [...bad].slice(0, 10);
}

// tooSmall runs in the page: controls that answer to less than 34 px of height;
// some are larger to the finger than to the eye. Links in running text and rows
// that are one target as a whole are not controls.
export function tooSmall() {
  const seen = (el) => el.checkVisibility({ visibilityProperty: true }) && !el.closest('.vh') && el.getBoundingClientRect().height > 2;
  const height = (el) => {
    const after = getComputedStyle(el, '::after');
    const more = after.position === 'absolute' && after.content !== 'none' ? parseFloat(after.height) : 0;
    return Math.max(el.getBoundingClientRect().height, more);
  };
  return [...document.querySelectorAll('button, a.btn, .fa a, input:not([type=checkbox], [type=radio], [type=hidden]), select, .nav a, .tabs a, .seg a, .timepick a, .pop.opt, summary')]
    .filter((el) => seen(el) && height(el) < 33.5)
    .map((el) => `${el.tagName.toLowerCase()}.${String(el.className)} ${Math.round(height(el))} px: ${(el.textContent.trim() || el.getAttribute('aria-label') || el.name || '').slice(0, 30)}`);
}

// unseenFocus walks with the Tab key and gives the controls on which nothing shows it.
async function unseenFocus(page) {
  const bad = [];
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab');
    const fault = await page.evaluate(() => {
      const el = document.activeElement;
      if (!el || el === document.body) return ''; // past the last control, in the browser's own
      const ringed = (e) => {
        const s = getComputedStyle(e);
        return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1) || s.boxShadow !== 'none';
      };
      const frame = el.closest('.query, .add, .omni');
      if (ringed(el) || (frame && ringed(frame))) return '';
      const label = el.id ? document.querySelector(`label[for="${el.id}"]`) : null;
      return label && ringed(label) ? '' : `${el.tagName.toLowerCase()}.${String(el.className)} ${el.getAttribute('aria-label') ?? el.textContent.trim().slice(0, 30)}`;
    });
    if (fault) bad.push(`focus is not seen on ${fault}`);
  }
  return bad;
}
