// The chart of the Metrics screen, and its legend.
import { all, one } from './_dom';
import { keepDrafts } from './_draft';
import { plot, type Plot, type PlotSpec } from './_plot';
import { onTheme } from './_plottheme';
import { text } from './_plotunit';

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

let drawn: Plot | null = null;
let data: Data | null = null;

// Lines that the reader has switched off stay off through refreshes.
const off = new Set<string>();

const rows = (): HTMLElement[] => all('#legend tr[data-series]');

function mount(): void {
  drawn?.destroy();
  drawn = null;
  const host = one('#graph .plot');
  const source = one('#graph')?.dataset['graph'];
  if (!host || !source) return;
  const d = JSON.parse(source) as Data;
  data = d;
  const spec: PlotSpec = {
    ...d,
    kind: d.fill ? 'area' : 'lines',
    lines: d.series.map((s) => ({ name: s.name, colour: 'c' + s.slot, values: s.values, show: !off.has(s.name) })),
    text: (v) => text(v, d.unit),
    nearest: (line) => rows().forEach((r) => r.classList.toggle('on', Number(r.dataset['series']) === line)),
  };
  drawn = plot(host, spec);
  rows().forEach((row) => mark(row, !off.has(d.series[Number(row.dataset['series'])]?.name ?? '')));
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
  drawn?.show(no, on);
}

document.addEventListener('click', (e) => {
  const button = e.target instanceof Element ? e.target.closest<HTMLElement>('[data-act="series"]') : null;
  if (button) toggle(button);
});

document.addEventListener('pointerover', (e) => {
  const row = e.target instanceof Element ? e.target.closest<HTMLElement>('#legend tr[data-series]') : null;
  if (row) drawn?.focus(Number(row.dataset['series']));
});

document.addEventListener('pointerout', (e) => {
  if (e.target instanceof Element && e.target.closest('#legend')) drawn?.focus(null);
});

document.addEventListener('DOMContentLoaded', mount);
document.addEventListener('tripod:refreshed', mount);
document.addEventListener('htmx:afterSettle', (e) => {
  if (e.target instanceof Element && (e.target.id === 'main' || e.target.querySelector('#graph'))) mount();
});
onTheme(mount);
keepDrafts('#graph-form');
