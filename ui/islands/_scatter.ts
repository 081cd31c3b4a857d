// The brush of the scatter plot is a rectangle: it sets the time and the least
// and greatest duration of the search.
import { address, make, one } from './_dom';
import { duration } from './_tracefmt';
import { swapTo } from './_swap';

interface Drag {
  chart: HTMLElement;
  plot: HTMLElement;
  x: number;
  y: number;
  box: HTMLElement | null;
}

let drag: Drag | null = null;
let dragged = false; // the click that ends a drag opens no dot

const clamp = (v: number): number => Math.min(Math.max(v, 0), 1);

/** The rectangle in shares of the plot, from the left and from the bottom. */
function area(d: Drag, e: PointerEvent): { left: number; right: number; low: number; high: number } {
  const rect = d.plot.getBoundingClientRect();
  const x = [d.x, e.clientX].map((v) => clamp((v - rect.left) / rect.width));
  const y = [d.y, e.clientY].map((v) => clamp(1 - (v - rect.top) / rect.height));
  return { left: Math.min(...x), right: Math.max(...x), low: Math.min(...y), high: Math.max(...y) };
}

type Area = ReturnType<typeof area>;

/** Duration in ns at a height of the logarithmic axis. */
function tookAt(chart: HTMLElement, share: number): number {
  const [min, max] = [Number(chart.dataset['min']), Number(chart.dataset['max'])];
  return min * (max / min) ** share;
}

function inside(d: Drag, a: Area): number {
  return [...d.plot.querySelectorAll<HTMLElement>('.dotp')].filter((dot) => {
    const [x, y] = [parseFloat(dot.style.left) / 100, parseFloat(dot.style.bottom) / 100];
    return x >= a.left && x <= a.right && y >= a.low && y <= a.high;
  }).length;
}

function draw(d: Drag, a: Area): void {
  if (!d.box) {
    d.box = make('div', 'selbox', make('span', ''));
    d.box.setAttribute('data-busy', '');
    d.plot.append(d.box);
  }
  Object.assign(d.box.style, { left: a.left * 100 + '%', width: (a.right - a.left) * 100 + '%', bottom: a.low * 100 + '%', height: (a.high - a.low) * 100 + '%' });
  d.box.classList.toggle('low', a.low < 0.15);
  d.box.classList.toggle('left', a.left < 0.3);
  const label = one('span', d.box);
  const n = inside(d, a);
  if (label) label.textContent = `${n} ${n === 1 ? 'trace' : 'traces'}, ${duration(Math.round(tookAt(d.chart, a.low)))} – ${duration(Math.round(tookAt(d.chart, a.high)))}`;
}

/** A bound as the form has it, rounded outwards to three digits. */
function bound(ns: number, up: boolean): string {
  const unit = ns >= 1e9 ? 1e9 : ns >= 1e6 ? 1e6 : ns >= 1e3 ? 1e3 : 1;
  const word = { 1e9: 's', 1e6: 'ms', 1e3: 'us', 1: 'ns' }[unit] ?? 'ns';
  const fine = 10 ** Math.max(0, 2 - Math.floor(Math.log10(ns / unit)));
  return (up ? Math.ceil : Math.floor)((ns / unit) * fine) / fine + word;
}

/** Edges that reach the end of the plot set no bound. */
function chosen(chart: HTMLElement, a: Area): string {
  const [from, to] = [Number(chart.dataset['from']), Number(chart.dataset['to'])];
  const set: Record<string, string | null> = { rows: null };
  if (a.left > 0.005 || a.right < 0.995) {
    set['from'] = String(Math.floor(from + a.left * (to - from)));
    set['to'] = String(Math.ceil(from + a.right * (to - from)));
  }
  if (a.low > 0.01) set['min'] = bound(tookAt(chart, a.low), false);
  if (a.high < 0.99) set['max'] = bound(tookAt(chart, a.high), true);
  return address(set);
}

document.addEventListener('pointerdown', (e) => {
  const target = e.target instanceof Element ? e.target : null;
  const chart = target?.closest<HTMLElement>('.chart[data-brush="box"]');
  const plot = target?.closest<HTMLElement>('.plot');
  dragged = false;
  if (!chart || !plot || e.button !== 0) return;
  drag = { chart, plot, x: e.clientX, y: e.clientY, box: null };
});
document.addEventListener('dragstart', (e) => {
  if (drag) e.preventDefault();
});
document.addEventListener('pointermove', (e) => {
  if (!drag || (!drag.box && Math.hypot(e.clientX - drag.x, e.clientY - drag.y) < 5)) return;
  getSelection()?.removeAllRanges();
  draw(drag, area(drag, e));
});
document.addEventListener('pointerup', (e) => {
  const d = drag;
  drag = null;
  if (!d?.box) return;
  dragged = true;
  const a = area(d, e);
  if (a.right - a.left < 0.003 && a.high - a.low < 0.01) return d.box.remove();
  void swapTo(chosen(d.chart, a)).finally(() => d.box?.remove());
});
for (const name of ['pointercancel', 'keydown'] as const) {
  document.addEventListener(name, (e) => {
    if (!drag || (e instanceof KeyboardEvent && e.key !== 'Escape')) return;
    drag.box?.remove();
    drag = null;
  });
}
document.addEventListener('click', (e) => {
  if (!dragged || !(e.target instanceof Element) || !e.target.closest('.chart[data-brush="box"]')) return;
  dragged = false;
  e.preventDefault();
  e.stopPropagation();
}, true);
