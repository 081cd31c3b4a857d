// Draws lines in place of the server's drawing, at the same size and scale, with
// one cross-hair for all plots of the page. Axes, marks and exemplars stay those
// of the server. The brush (_brush.ts) works on any .chart[data-brush="time"].
import uPlot from 'uplot';
import { colours, faint } from './_plottheme';
import { stacked } from './_plotstack';
import { Tip, moment, type TipRow } from './_plottip';

/** One line; null is a gap. */
export interface PlotLine {
  name: string;
  colour: string; // a custom property of the theme without its dashes: c3, k-err
  values: (number | null)[];
  dash?: boolean;
  show?: boolean; // true unless it says false
}

/** Everything that a plot shows. */
export interface PlotSpec {
  times: number[]; // Unix s, in order
  from: number; // Unix s: the ends of the axes
  to: number;
  min: number;
  top: number;
  log?: boolean; // min must be above 0
  kind: 'lines' | 'area' | 'stacked' | 'bars' | 'none'; // none leaves the server's drawing in its place
  lines: PlotLine[];
  text(v: number, line: number): string;
  rows?(at: number, value: number): TipRow[]; // instead of the lines' values at times[at], value under the pointer
  below?(at: number): Node[]; // at the end of the tip
  nearest?(line: number | null): void; // the line under the cross-hair
}

export interface Plot {
  show(line: number, on: boolean): void;
  focus(line: number | null): void; // all others fade
  destroy(): void;
}

// The plot under the pointer or the focus: only this one has a tip.
let driver: uPlot | null = null;

/** Draws into a .plot of the server; the host must be as large as it is to stay. */
export function plot(host: HTMLElement, spec: PlotSpec): Plot {
  const n = spec.lines.length;
  const shown = spec.lines.map((l) => l.show !== false);
  const piled = spec.kind === 'stacked' || spec.kind === 'bars';
  const data = (): uPlot.AlignedData => {
    const values = spec.lines.map((l) => l.values);
    return [spec.times, ...(piled ? stacked(values, shown) : values)] as uPlot.AlignedData;
  };
  const end = new AbortController();
  const u = new uPlot(options(host, spec, shown, hover), data(), host);
  const tip = new Tip(u.over);
  host.classList.toggle('live', spec.kind !== 'none');
  host.tabIndex = 0;

  function hover(): void {
    const i = u.cursor.idx;
    const left = u.cursor.left ?? -1;
    const at = i == null ? undefined : spec.times[i];
    if (u !== driver || i == null || at === undefined || left < 0) return quiet();
    const here = u.posToVal(u.cursor.top ?? 0, 'y');
    const near = nearest(spec, shown, i, u.cursor.top ?? 0, (v) => u.valToPos(v, 'y'), piled ? (u.data as (number | null)[][]) : null);
    const rows = spec.rows?.(i, here) ?? near.map((k) => ({ colour: spec.lines[k]?.colour ?? '', name: spec.lines[k]?.name ?? '', value: spec.text(spec.lines[k]?.values[i] ?? 0, k) }));
    const below = spec.below?.(i) ?? [];
    if (!rows.length && !below.length) return quiet();
    tip.show({ head: moment(at, spec.to - spec.from), rows, below }, left, u.cursor.top ?? 0);
    spec.nearest?.(near[0] ?? null);
  }
  function quiet(): void {
    tip.hide();
    spec.nearest?.(null);
  }

  const drive = (): void => void (driver = u);
  u.over.addEventListener('pointerenter', drive, { signal: end.signal });
  host.addEventListener('keydown', (e) => void (keys(u, spec, e, drive) && e.preventDefault()), { signal: end.signal });
  host.addEventListener('focusout', () => u.setCursor({ left: -10, top: -10 }), { signal: end.signal });
  const resized = new ResizeObserver(() => {
    if (host.clientWidth && (host.clientWidth !== u.width || host.clientHeight !== u.height)) u.setSize({ width: host.clientWidth, height: host.clientHeight });
  });
  resized.observe(host);

  return {
    show(line, on) {
      shown[line] = on;
      u.setSeries(line + 1, { show: on });
      if (piled) u.setData(data(), false);
    },
    focus(line) {
      if (n > 1) u.setSeries(line === null ? (null as unknown as number) : line + 1, { focus: line !== null });
    },
    destroy() {
      end.abort();
      resized.disconnect();
      tip.hide();
      if (driver === u) driver = null;
      u.destroy();
    },
  };
}

/** The lines with a value at a place, the nearest to the pointer first. */
function nearest(spec: PlotSpec, shown: boolean[], at: number, y: number, place: (v: number) => number, drawn: (number | null)[][] | null): number[] {
  const away = (k: number): number => Math.abs(place((drawn ? drawn[k + 1]?.[at] : spec.lines[k]?.values[at]) ?? 0) - y);
  return spec.lines
    .map((_, k) => k)
    .filter((k) => shown[k] && spec.lines[k]?.values[at] != null)
    .sort((a, b) => away(a) - away(b));
}

/** Arrow keys move the cross-hair of the plot that has the focus; says whether the key was one of its own. */
function keys(u: uPlot, spec: PlotSpec, e: KeyboardEvent, drive: () => void): boolean {
  if (e.target !== u.root.parentElement || e.ctrlKey || e.metaKey || e.altKey) return false;
  const last = spec.times.length - 1;
  const here = u.cursor.idx ?? (e.key === 'ArrowLeft' ? last + 1 : -1);
  const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity }[e.key];
  if (by === undefined) return false;
  drive();
  const next = Math.min(Math.max(here + (e.shiftKey ? 10 * by : by), 0), last);
  const v = spec.rows ? null : spec.lines.find((l) => l.show !== false && l.values[next] != null)?.values[next];
  u.setCursor({ left: u.valToPos(spec.times[next] ?? 0, 'x'), top: v == null ? u.over.clientHeight / 2 : u.valToPos(v, 'y') });
  return true;
}

function options(host: HTMLElement, spec: PlotSpec, shown: boolean[], hover: () => void): uPlot.Options {
  const many = spec.lines.length > 1;
  const ink = colours(spec.lines.map((l) => l.colour));
  const bars = uPlot.paths.bars;
  const series = spec.lines.map((l, i): uPlot.Series => {
    const stroke = ink[i] ?? 'gray';
    const s: uPlot.Series = { label: l.name, stroke, width: 1.5, spanGaps: false, show: shown[i] ?? true, points: { show: true, size: 3, width: 0, fill: stroke, filter: lonely } };
    if (l.dash) s.dash = [4, 3];
    if (spec.kind === 'area') s.fill = faint(stroke, 0.14);
    if (spec.kind === 'bars' && bars) Object.assign(s, { paths: bars({ size: [0.8, 40] }), fill: stroke, width: 0, points: { show: false } });
    return s;
  });
  const out: uPlot.Options = {
    width: host.clientWidth,
    height: host.clientHeight,
    padding: [0, 0, 0, 0],
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: { x: { time: true, range: [spec.from, spec.to] }, y: { range: [spec.min, spec.top], ...(spec.log ? { distr: 3 as const } : {}) } },
    series: [{}, ...(spec.kind === 'none' ? series.map((s) => ({ ...s, width: 0, paths: () => null, points: { show: false } })) : series)],
    focus: { alpha: many ? 0.35 : 1 },
    cursor: {
      y: false,
      drag: { x: false, y: false, setScale: false },
      focus: { prox: many && spec.kind !== 'bars' ? 30 : -1 },
      points: { show: spec.kind !== 'none' && spec.kind !== 'bars', size: 6 },
      sync: { key: 'tripod', setSeries: false, scales: ['x', null] },
    },
    hooks: { setCursor: [hover] },
  };
  if (spec.kind === 'stacked') out.bands = spec.lines.map((_, i) => ({ series: [i + 1, i + 2], fill: faint(ink[i] ?? 'gray', 0.3) })).slice(0, -1) as uPlot.Band[];
  const lowest = series.at(-1);
  if (spec.kind === 'stacked' && lowest) lowest.fill = faint(ink.at(-1) ?? 'gray', 0.3);
  return out;
}

/** A value between two gaps has no line: it gets a point. */
function lonely(u: uPlot, s: number, _show: boolean): number[] {
  const v = u.data[s] ?? [];
  const out: number[] = [];
  for (let i = 0; i < v.length; i++) if (v[i] != null && v[i - 1] == null && v[i + 1] == null) out.push(i);
  return out;
}
