// The chart of the Metrics screen, and its legend.
import { all, make, one } from './_dom';
import { keepDrafts } from './_draft';
import * as legend from './_legend';
import { plot, type Plot, type PlotSpec } from './_plot';
import { onTheme } from './_plottheme';
import type { TipRow } from './_plottip';
import { text } from './_plotunit';
import * as progress from './_progress';

interface Line {
  name: string;
  slot: number;
  unit: string;
  values: (number | null)[];
  exemplars?: number[];
}

interface Data {
  from: number;
  to: number;
  step: number;
  min: number;
  top: number;
  log?: boolean;
  kind: 'lines' | 'area' | 'stacked' | 'bars' | 'heatmap';
  times: number[];
  series: Line[];
}

let drawn: Plot | null = null;

const diamonds = (): HTMLElement[] => all('#graph .ex');

function mount(): void {
  drawn?.destroy();
  drawn = null;
  const host = one('#graph .plot');
  const source = one('#graph')?.dataset['graph'];
  if (!host || !source) return legend.steer(null);
  const d = JSON.parse(source) as Data;
  const heat = d.kind === 'heatmap';
  const spec: PlotSpec = {
    ...d,
    kind: d.kind === 'heatmap' ? 'none' : d.kind,
    lines: d.series.map((s) => ({ name: s.name, colour: 'c' + (s.slot || 1), values: s.values, show: !legend.isOff(s.name) })),
    text: (v, line) => text(v, d.series[line]?.unit ?? ''),
    below: (at) => seen(d, at),
    nearest: heat ? () => {} : (line) => light(d, line),
    ...(heat ? { rows: (at: number, value: number) => bucketsAt(d, at, value) } : {}),
  };
  const p = plot(host, spec);
  drawn = p;
  legend.steer(heat ? null : { names: d.series.map((s) => s.name), show: p.show, focus: (line) => void (p.focus(line), fade(d, line)) });
}

/** The bucket under the pointer and those around it. */
function bucketsAt(d: Data, at: number, value: number): TipRow[] {
  const here = Math.floor(value);
  return [here, here + 1, here - 1]
    .map((i) => d.series[i])
    .filter((s) => s !== undefined)
    .map((s) => ({ colour: 'k-mute', name: s.name, value: s.values[at] == null ? '–' : text(s.values[at], '') }));
}

/** The largest exemplar near the cross-hair: a click on its diamond opens the trace. */
function seen(d: Data, at: number): Node[] {
  const t = (d.times[at] ?? 0) * 1000;
  const near = diamonds().filter((el) => Math.abs(Number(el.dataset['at']) - t) <= (d.step * 1000) / 2);
  diamonds().forEach((el) => el.classList.toggle('on', el === near[0]));
  if (!near[0]) return [];
  const says = near[0].dataset['says'] + (near.length > 1 ? ` and ${near.length - 1} more` : '');
  return [make('div', 'row tipex', make('span', 'dia ' + (/\bc\d+\b/.exec(near[0].className)?.[0] ?? '')), make('span', 'grow t-acc', says))];
}

/** Exemplars of other lines fade with these lines. */
function fade(d: Data, line: number | null): void {
  const own = line === null ? null : (d.series[line]?.exemplars ?? []);
  diamonds().forEach((el, i) => el.classList.toggle('dim', !!own && !own.includes(i)));
}

function light(d: Data, line: number | null): void {
  legend.light(line);
  if (line === null) diamonds().forEach((el) => el.classList.remove('on', 'dim'));
}

/** The open metric comes into view in its list, without moving the page. */
function reveal(): void {
  const item = one('.mb .mi.on');
  const list = one('.mb');
  if (item && list && list.scrollHeight > list.clientHeight) list.scrollTop = item.offsetTop - list.clientHeight / 4;
}

document.addEventListener('DOMContentLoaded', () => {
  mount();
  reveal();
});
document.addEventListener('tripod:refreshed', mount);
document.addEventListener('htmx:afterSettle', (e) => {
  if (!(e.target instanceof Element) || (e.target.id !== 'main' && !e.target.querySelector('#graph'))) return;
  mount();
  reveal();
});
onTheme(mount);
keepDrafts('#graph-form');
progress.start();
