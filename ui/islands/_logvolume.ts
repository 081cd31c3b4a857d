// The brush on the volume: dragging filters at once, and the rest stays to be seen.
import { address, one } from './_dom';
import { visit } from './_visit';

interface Scale {
  over: HTMLElement;
  from: number;
  to: number;
  step: number;
}

function scale(): Scale | null {
  const hist = one('#log-hist');
  const over = hist && one('.lover', hist);
  if (!hist || !over) return null;
  const { from, to, step } = hist.dataset;
  return { over, from: Number(from), to: Number(to), step: Number(step) };
}

const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v, low), high);

/** The time under the pointer, at the edge of the nearest bar. */
function timeAt(s: Scale, x: number): number {
  const rect = s.over.getBoundingClientRect();
  const t = s.from + clamp((x - rect.left) / rect.width, 0, 1) * (s.to - s.from);
  return clamp(Math.round(t / s.step) * s.step, s.from, s.to);
}

/** Shows this screen with another brush, or without one; the handle that was moved keeps the focus. */
function go(from: number, to: number, focus = ''): void {
  visit(address({ brush: to > from ? `${from}-${to}` : null, sel: null, cursor: null }), focus);
}

interface Drag {
  s: Scale;
  anchor: number;
  x: number;
  box: HTMLElement | null;
  from: number;
  to: number;
}
let drag: Drag | null = null;

function draw(d: Drag): void {
  if (!d.box) {
    one('#log-brush')?.remove();
    one('.brush-acts')?.remove();
    d.box = document.createElement('div');
    d.box.className = 'brush';
    d.box.setAttribute('data-busy', '');
    d.box.append(document.createElement('span'));
    d.s.over.append(d.box);
  }
  const width = d.s.to - d.s.from;
  d.box.style.left = ((d.from - d.s.from) / width) * 100 + '%';
  d.box.style.width = ((d.to - d.from) / width) * 100 + '%';
  const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19);
  const label = one('span', d.box);
  if (label) label.textContent = clock(d.from) + ' – ' + clock(d.to);
}

function down(e: PointerEvent): void {
  const target = e.target;
  const s = scale();
  if (!s || !(target instanceof Element) || e.button !== 0 || !s.over.contains(target) || target.closest('.brush-acts, button')) return;
  const brush = one('#log-brush');
  const handle = target.closest('.bh');
  let anchor = timeAt(s, e.clientX);
  if (handle && brush) anchor = Number(handle.classList.contains('l') ? brush.dataset['to'] : brush.dataset['from']);
  drag = { s, anchor, x: e.clientX, box: null, from: anchor, to: anchor };
  if (handle) e.preventDefault();
}

function move(e: PointerEvent): void {
  if (!drag || (!drag.box && Math.abs(e.clientX - drag.x) < 4)) return;
  const t = timeAt(drag.s, e.clientX);
  drag.from = Math.min(t, drag.anchor);
  drag.to = Math.max(t, drag.anchor);
  draw(drag);
}

function up(): void {
  const d = drag;
  drag = null;
  if (!d?.box) return;
  dragged = true;
  if (d.to - d.from >= d.s.step) go(d.from, d.to);
  else d.box.remove();
}

let dragged = false; // the click that ends a drag chooses no bar

/** Arrows move an edge by one bar, with Shift by ten. */
function key(e: KeyboardEvent): void {
  const handle = e.target instanceof Element ? e.target.closest<HTMLElement>('#log-brush .bh') : null;
  const s = scale();
  const brush = one('#log-brush');
  if (!handle || !s || !brush || e.ctrlKey || e.metaKey || e.altKey) return;
  const left = handle.classList.contains('l');
  let from = Number(brush.dataset['from']);
  let to = Number(brush.dataset['to']);
  const by = s.step * (e.shiftKey ? 10 : 1);
  const at = left ? from : to;
  const next = { ArrowLeft: at - by, ArrowRight: at + by, Home: s.from, End: s.to }[e.key];
  if (next === undefined) return;
  e.preventDefault();
  if (left) from = clamp(next, s.from, to - s.step);
  else to = clamp(next, from + s.step, s.to);
  go(from, to, '#log-brush .bh.' + (left ? 'l' : 'r'));
}

function start(): void {
  const s = scale();
  if (!s) return;
  const edge = (t: number): number => Math.round(t / s.step) * s.step;
  go(edge(s.to - (s.to - s.from) / 4), edge(s.to), '#log-brush .bh.l');
}

document.addEventListener('pointerdown', down);
document.addEventListener('pointermove', move);
document.addEventListener('pointerup', up);
document.addEventListener('pointercancel', () => {
  drag?.box?.remove();
  drag = null;
});
document.addEventListener('dragstart', (e) => {
  if (e.target instanceof Element && e.target.closest('.lover')) e.preventDefault();
});
let click = 0; // a click on a bar waits whether it becomes a double one

document.addEventListener('click', (e) => {
  const target = e.target;
  if (!(target instanceof Element) || !target.closest('.lover')) return;
  if (target.closest('[data-act="brush-start"]')) return start();
  const bar = target.closest('.hb');
  if (!bar || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  e.stopPropagation();
  clearTimeout(click);
  const href = bar.getAttribute('href') ?? '';
  if (!dragged) click = window.setTimeout(() => visit(href), 220);
  dragged = false;
}, true);
document.addEventListener('dblclick', (e) => {
  if (!(e.target instanceof Element) || !e.target.closest('.lover') || e.target.closest('.brush-acts')) return;
  clearTimeout(click);
  if (one('#log-brush')) go(0, 0);
});
document.addEventListener('keydown', key);
