// Draws the lines and bars of panels in place of the server's drawing. All
// plots of the page share one cross-hair.
import { all, one } from './_dom';
import { plot, type Plot, type PlotSpec } from './_plot';
import { onTheme } from './_plottheme';
import { text } from './_plotunit';

interface Line {
  name: string;
  class: string;
  values: (number | null)[];
}

interface Data {
  from: number;
  to: number;
  min: number;
  top: number;
  unit: string;
  decimals: number;
  draw: string;
  stack: boolean;
  step: number;
  times: number[];
  series: Line[];
}

const drawn = new Map<Element, { plot: Plot; source: string }>();

/** Units that the explorer does not know, by what they are of one that it does. */
const scaled: Record<string, [number, string]> = {
  ms: [1e-3, 's'], 'µs': [1e-6, 's'], ns: [1e-9, 's'], min: [60, 's'], h: [3600, 's'], d: [86_400, 's'], '%100': [0.01, '%'],
};

function value(v: number, d: Data): string {
  if (d.unit === 'time') return new Date(v).toISOString().slice(0, 19).replace('T', ' ');
  if (d.unit === 'bool') return v ? 'yes' : 'no';
  const [by, unit] = scaled[d.unit] ?? [1, d.unit];
  if (d.decimals < 0 || unit === 's' || unit.startsWith('B')) return text(v * by, unit);
  const n = unit === '%' ? v * by * 100 : v * by;
  return n.toLocaleString('en-US', { minimumFractionDigits: d.decimals, maximumFractionDigits: d.decimals }).replace('-', '−') + (unit ? ' ' + unit : '');
}

/** What the drawing is called where lines lie on each other. */
function kindOf(d: Data): PlotSpec['kind'] {
  if (d.draw === 'bars') return 'bars';
  if (d.stack) return 'stacked';
  return d.draw === 'area' ? 'area' : 'lines';
}

function draw(box: HTMLElement): void {
  const host = one('.plot', box);
  const source = box.dataset['plot'] ?? '';
  const before = drawn.get(box);
  if (!host || before?.source === source) return;
  before?.plot.destroy();
  const d = JSON.parse(source) as Data;
  const kind = kindOf(d);
  const bars = kind === 'bars';
  // a pile has the first series at the bottom, and _plot.ts the last
  const order = d.series.map((_, i) => i);
  if (bars || kind === 'stacked') order.reverse();
  const panel = box.closest('.dp');
  const p = plot(host, {
    from: d.from, to: d.to, min: d.min, top: d.top, kind,
    times: bars ? d.times.map((t) => t + d.step / 2) : d.times,
    lines: order.map((i) => ({ name: d.series[i]?.name ?? '', colour: d.series[i]?.class ?? '', values: d.series[i]?.values ?? [] })),
    text: (v) => value(v, d),
    nearest: (line) => light(panel, line === null ? null : (order[line] ?? null)),
  });
  drawn.set(box, { plot: p, source });
}

/** The legend's entry of the line under the cross-hair is seen, the others fade. */
function light(panel: Element | null, line: number | null): void {
  if (!panel) return;
  for (const el of all('[data-series]', panel)) el.classList.toggle('dim', line !== null && Number(el.dataset['series']) !== line);
}

function drawAll(again = false): void {
  for (const [box, d] of drawn) {
    if (box.isConnected && !again) continue;
    d.plot.destroy();
    drawn.delete(box);
  }
  all('.dc[data-plot]').forEach(draw);
}

export function start(): void {
  document.addEventListener('DOMContentLoaded', () => drawAll());
  document.addEventListener('tripod:refreshed', () => drawAll(true));
  document.addEventListener('tripod:panel', () => drawAll());
  document.addEventListener('htmx:afterSettle', () => drawAll());
  onTheme(() => drawAll(true));
  document.addEventListener('pointerover', (e) => {
    const item = e.target instanceof Element ? e.target.closest<HTMLElement>('.dp [data-series]') : null;
    const box = item?.closest('.dp')?.querySelector('.dc');
    const d = box && drawn.get(box);
    if (d) d.plot.focus(lineOf(d.source, Number(item?.dataset['series'])));
  });
  document.addEventListener('pointerout', (e) => {
    const item = e.target instanceof Element ? e.target.closest('.dp [data-series]') : null;
    const box = item?.closest('.dp')?.querySelector('.dc');
    const d = box && drawn.get(box);
    if (d) d.plot.focus(null);
  });
}

/** The place of a series among the plot's lines. */
function lineOf(source: string, series: number): number {
  const d = JSON.parse(source) as Data;
  return kindOf(d) === 'bars' || kindOf(d) === 'stacked' ? d.series.length - 1 - series : series;
}
