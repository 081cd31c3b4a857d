// Draws the lines of the Metrics screen in place of the server's drawing, at the
// same size and scale, and adds the cross-hair.
import uPlot from 'uplot';
import { all, make, one } from './_dom';
import { keepDrafts } from './_draft';

interface Line {
  name: string;
  slot: number;
  values: (number | null)[];
}

interface Data {
  from: number;
  to: number;
  min: number;
  top: number;
  unit: string;
  fill: boolean;
  times: number[];
  series: Line[];
}

const atMost = 5; // series in the tip

let plot: uPlot | null = null;
let data: Data | null = null;
let tip: HTMLElement | null = null;

// Lines that the reader has switched off stay off through refreshes.
const off = new Set<string>();

/** The colour of a slot as the theme has it: only a computed colour is resolved. */
function colours(slots: number[]): string[] {
  const probe = make('i', '');
  document.body.append(probe);
  const out = slots.map((slot) => {
    probe.style.color = `var(--c${slot})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return out;
}

const faint = (colour: string): string => colour.replace(/^rgba?\(([^)/]+?)\)$/, 'rgb($1 / 0.14)').replaceAll(',', ' ').replace('  ', ' ');

const digits = (v: number): string => {
  const a = Math.abs(v);
  if (a === 0) return '0';
  if (a >= 999.5) return Math.round(a).toLocaleString('en-US');
  return String(Number(a.toPrecision(3)));
};

function duration(s: number): string {
  const a = Math.abs(s);
  if (a === 0) return '0';
  if (a < 0.0009995) return digits(a * 1e6) + ' µs';
  if (a < 0.9995) return digits(a * 1e3) + ' ms';
  if (a < 119.5) return digits(a) + ' s';
  if (a < 7200) return Math.round(a / 60) + ' min';
  return digits(a / 3600) + ' h';
}

function bytes(n: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
  let a = Math.abs(n);
  let i = 0;
  while (a >= 999.5 && i < units.length - 1) {
    a /= 1000;
    i++;
  }
  return `${digits(a)} ${units[i]}`;
}

function text(v: number, unit: string): string {
  const sign = v < 0 ? '−' : '';
  switch (unit) {
    case 's':
      return sign + duration(v);
    case 'B':
      return sign + bytes(v);
    case 'B/s':
      return sign + bytes(v) + '/s';
    case '%':
      return sign + digits(v * 100) + ' %';
    default:
      return sign + digits(v) + (unit ? ' ' + unit : '');
  }
}

function hideTip(): void {
  tip?.remove();
  tip = null;
  all('#legend tr.on').forEach((r) => r.classList.remove('on'));
}

/** Lists the values under the cross-hair, nearest to the pointer first. */
function showTip(u: uPlot): void {
  const i = u.cursor.idx;
  const left = u.cursor.left ?? -1;
  const at = i == null ? undefined : data?.times[i];
  if (!data || i == null || at === undefined || left < 0) return hideTip();
  const here = u.posToVal(u.cursor.top ?? 0, 'y');
  const rows = data.series
    .map((s, n) => ({ n, s, v: s.values[i] }))
    .filter((r): r is { n: number; s: Line; v: number } => r.v != null && (u.series[r.n + 1]?.show ?? false))
    .sort((a, b) => Math.abs(a.v - here) - Math.abs(b.v - here));
  if (!rows.length) return hideTip();
  const box = tip ?? make('div', 'tip');
  const lines = rows.slice(0, atMost).map((r, k) => {
    const value = make(k ? 'span' : 'b', 'nowrap', text(r.v, data?.unit ?? ''));
    return make('div', 'row' + (k ? ' t-2' : ''), make('span', `svc c${r.s.slot}`, r.s.name), value);
  });
  const clock = new Date(at * 1000).toISOString().slice(11, 19) + ' UTC';
  box.replaceChildren(make('div', 't-3 xs', clock), ...lines);
  if (rows.length > atMost) box.append(make('div', 't-3 xs', `${rows.length - atMost} more series`));
  tip = box;
  if (!box.isConnected) u.over.append(box);
  const room = u.over.clientWidth - left - box.offsetWidth - 14;
  box.style.left = (room > 0 ? left + 12 : Math.max(0, left - box.offsetWidth - 12)) + 'px';
  box.style.top = Math.max(0, Math.min((u.cursor.top ?? 0) - 20, u.over.clientHeight - box.offsetHeight)) + 'px';
  const nearest = rows[0]?.n;
  all('#legend tr[data-series]').forEach((r) => r.classList.toggle('on', Number(r.dataset['series']) === nearest));
}

function unmount(): void {
  hideTip();
  plot?.destroy();
  plot = null;
}

function mount(): void {
  unmount();
  const host = one('#graph .plot');
  const source = one('#graph')?.dataset['graph'];
  if (!host || !source) return;
  const d = JSON.parse(source) as Data;
  data = d;
  const ink = colours(d.series.map((s) => s.slot));
  const many = d.series.length > 1;
  plot = new uPlot(
    {
      width: host.clientWidth,
      height: host.clientHeight,
      padding: [0, 0, 0, 0],
      legend: { show: false },
      axes: [{ show: false }, { show: false }],
      scales: { x: { time: true, range: [d.from, d.to] }, y: { range: [d.min, d.top] } },
      series: [
        {},
        ...d.series.map((s, i): uPlot.Series => {
          const stroke = ink[i] ?? 'gray';
          return { label: s.name, stroke, width: 1.5, spanGaps: false, points: { show: false }, show: !off.has(s.name), ...(d.fill ? { fill: faint(stroke) } : {}) };
        }),
      ],
      focus: { alpha: many ? 0.35 : 1 },
      cursor: { y: false, drag: { x: false, y: false, setScale: false }, focus: { prox: many ? 30 : -1 }, points: { size: 6 } },
      hooks: { setCursor: [showTip] },
    },
    [d.times, ...d.series.map((s) => s.values)] as uPlot.AlignedData,
    host,
  );
  host.classList.add('live');
  all('#legend tr[data-series]').forEach((row) => mark(row, !off.has(d.series[Number(row.dataset['series'])]?.name ?? '')));
  host.tabIndex = 0;
}

function mark(row: HTMLElement, on: boolean): void {
  row.classList.toggle('off', !on);
  const button = one('[data-act="series"]', row);
  button?.classList.toggle('on', on);
  button?.setAttribute('aria-pressed', String(on));
}

function toggle(button: HTMLElement): void {
  const row = button.closest<HTMLElement>('[data-series]');
  const no = Number(row?.dataset['series'] ?? -1);
  const name = data?.series[no]?.name;
  if (!row || name === undefined) return;
  const on = off.delete(name);
  if (!on) off.add(name);
  mark(row, on);
  plot?.setSeries(no + 1, { show: on });
}

document.addEventListener('click', (e) => {
  const button = e.target instanceof Element ? e.target.closest<HTMLElement>('[data-act="series"]') : null;
  if (button) toggle(button);
});

document.addEventListener('pointerover', (e) => {
  const row = e.target instanceof Element ? e.target.closest<HTMLElement>('#legend tr[data-series]') : null;
  if (plot && row && (data?.series.length ?? 0) > 1) plot.setSeries(Number(row.dataset['series']) + 1, { focus: true });
});

document.addEventListener('pointerout', (e) => {
  if (!plot || !(e.target instanceof Element) || !e.target.closest('#legend')) return;
  plot.setSeries(null as unknown as number, { focus: true });
});

// Arrow keys move the cross-hair of a chart that has the focus.
document.addEventListener('keydown', (e) => {
  if (!plot || !data || (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight')) return;
  if (!(e.target instanceof Element) || !e.target.matches('#graph .plot')) return;
  e.preventDefault();
  const last = data.times.length - 1;
  const here = plot.cursor.idx ?? (e.key === 'ArrowLeft' ? last + 1 : -1);
  const next = Math.min(Math.max(here + (e.key === 'ArrowLeft' ? -1 : 1), 0), last);
  const v = data.series[0]?.values[next] ?? 0;
  plot.setCursor({ left: plot.valToPos(data.times[next] ?? 0, 'x'), top: plot.valToPos(v, 'y') });
});

let width = 0;
function resized(): void {
  const now = one('#graph .plot')?.clientWidth ?? 0;
  if (plot && now && now !== width) plot.setSize({ width: now, height: one('#graph .plot')?.clientHeight ?? 346 });
  width = now;
}

document.addEventListener('DOMContentLoaded', mount);
document.addEventListener('tripod:refreshed', mount);
document.addEventListener('htmx:afterSettle', (e) => {
  if (e.target instanceof Element && (e.target.id === 'main' || e.target.querySelector('#graph'))) mount();
});
addEventListener('resize', resized);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', mount);
new MutationObserver(mount).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
keepDrafts('#graph-form');
