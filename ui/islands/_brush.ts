import { address, carried, make, one } from './_dom';

interface Drag {
  plot: HTMLElement;
  chart: HTMLElement;
  startX: number;
  box: HTMLElement | null;
}

let drag: Drag | null = null;

function clear(): void {
  document.querySelectorAll('.chart .brush, .brush-menu').forEach((el) => el.remove());
}

const within = (x: number, rect: DOMRect): number => Math.min(Math.max((x - rect.left) / rect.width, 0), 1);

/** The time at a place of a chart, in Unix ms. */
function timeAt(chart: HTMLElement, share: number): number {
  const from = Number(chart.dataset['from']);
  const to = Number(chart.dataset['to']);
  return Math.round(from + share * (to - from));
}

const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

function move(e: PointerEvent): void {
  if (!drag) return;
  const rect = drag.plot.getBoundingClientRect();
  if (!drag.box && Math.abs(e.clientX - drag.startX) < 4) return;
  if (!drag.box) {
    drag.box = make('div', 'brush', make('span', ''));
    drag.plot.append(drag.box);
  }
  const a = within(Math.min(e.clientX, drag.startX), rect);
  const b = within(Math.max(e.clientX, drag.startX), rect);
  drag.box.style.left = a * 100 + '%';
  drag.box.style.width = (b - a) * 100 + '%';
  const label = one('span', drag.box);
  if (label) label.textContent = clock(timeAt(drag.chart, a)) + ' – ' + clock(timeAt(drag.chart, b));
}

function release(e: PointerEvent): void {
  if (!drag) return;
  const { plot, chart, startX, box } = drag;
  drag = null;
  if (!box) return;
  const rect = plot.getBoundingClientRect();
  const a = within(Math.min(e.clientX, startX), rect);
  const b = within(Math.max(e.clientX, startX), rect);
  const set = { from: String(timeAt(chart, a)), to: String(timeAt(chart, b)) };
  const menu = make('div', 'brush-menu');
  const link = (text: string, href: string): void => {
    const el = make('a', 'btn sm', text);
    el.setAttribute('href', href);
    menu.append(el);
  };
  link('Zoom', address(set));
  if (location.pathname !== '/logs') link('Logs', carried('/logs', set));
  if (location.pathname !== '/traces') link('Traces', carried('/traces', set));
  plot.append(menu);
  const left = Math.min(b * rect.width + 6, rect.width - menu.offsetWidth);
  menu.style.left = Math.max(0, left) + 'px';
  menu.style.top = '4px';
  one('a', menu)?.focus();
}

/** Dragging across a time chart offers to zoom to it, or to see its logs and traces. */
export function start(): void {
  document.addEventListener('pointerdown', (e) => {
    const target = e.target;
    if (!(target instanceof Element) || e.button !== 0) return;
    if (target.closest('.brush-menu')) return;
    clear();
    const chart = target.closest<HTMLElement>('.chart[data-brush="time"]');
    const plot = target.closest<HTMLElement>('.plot');
    if (!chart || !plot || target.closest('a')) return;
    drag = { plot, chart, startX: e.clientX, box: null };
    e.preventDefault();
  });
  document.addEventListener('pointermove', move);
  document.addEventListener('pointerup', release);
  document.addEventListener('pointercancel', () => {
    drag = null;
    clear();
  });
  document.addEventListener('dblclick', clear);
}

/** Takes a selection away; says whether there was one. */
export function drop(): boolean {
  const had = !!one('.chart .brush');
  clear();
  return had;
}
