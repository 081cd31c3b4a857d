// The overview of a trace: dragging across it chooses the part of the time that
// is drawn below; the edges can be moved, with the arrow keys too.
import { make, one } from './_dom';
import { duration } from './_tracefmt';

type Changed = (from: number, to: number) => void;

let width = 0; // ns
let from = 0;
let to = 0;
let changed: Changed = () => {};
let drag: { box: HTMLElement; anchor: number; x: number; moved: boolean } | null = null;

const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v, low), high);

function draw(): void {
  const box = one('#trace-mini');
  if (!box) return;
  if (!one('.mb', box)) {
    const handle = (side: string, word: string): HTMLElement => {
      const el = make('span', 'mh ' + side);
      el.tabIndex = 0;
      el.setAttribute('role', 'slider');
      el.setAttribute('aria-label', word);
      return el;
    };
    const whole = make('button', 'btn sm mw', 'Whole trace');
    whole.setAttribute('type', 'button');
    whole.dataset['act'] = 'whole-trace';
    box.append(make('span', 'mo l'), make('span', 'mb'), make('span', 'mo r'), handle('l', 'Start of what is drawn'), handle('r', 'End of what is drawn'), whole);
  }
  const a = width ? from / width : 0;
  const b = width ? to / width : 1;
  const put = (selector: string, css: Partial<CSSStyleDeclaration>): void => void Object.assign(one(selector, box)?.style ?? {}, css);
  put('.mo.l', { left: '0', width: a * 100 + '%' });
  put('.mo.r', { left: b * 100 + '%', width: (1 - b) * 100 + '%' });
  put('.mb', { left: a * 100 + '%', width: (b - a) * 100 + '%' });
  put('.mh.l', { left: a * 100 + '%' });
  put('.mh.r', { left: b * 100 + '%' });
  for (const [side, at] of [['l', from], ['r', to]] as const) {
    const el = one('.mh.' + side, box);
    el?.setAttribute('aria-valuemin', '0');
    el?.setAttribute('aria-valuemax', String(width));
    el?.setAttribute('aria-valuenow', String(Math.round(at)));
    el?.setAttribute('aria-valuetext', duration(Math.round(at)));
  }
  box.classList.toggle('zoomed', from > 0 || to < width);
}

function set(a: number, b: number): void {
  const least = Math.max(1, width / 1e6);
  if (b - a < least) return;
  from = Math.round(clamp(a, 0, width));
  to = Math.round(clamp(b, 0, width));
  draw();
  changed(from, to);
}

export const whole = (): void => set(0, width);
export const zoomed = (): boolean => from > 0 || to < width;

const timeAt = (box: HTMLElement, x: number): number => {
  const rect = box.getBoundingClientRect();
  return clamp((x - rect.left) / rect.width, 0, 1) * width;
};

document.addEventListener('pointerdown', (e) => {
  const target = e.target;
  const box = target instanceof Element ? target.closest<HTMLElement>('#trace-mini') : null;
  if (!box || !width || e.button !== 0 || (target as Element).closest('button')) return;
  const handle = (target as Element).closest<HTMLElement>('.mh');
  handle?.focus();
  const anchor = handle ? (handle.classList.contains('l') ? to : from) : timeAt(box, e.clientX);
  drag = { box, anchor, x: e.clientX, moved: false };
  box.setPointerCapture(e.pointerId);
  e.preventDefault();
});
document.addEventListener('pointermove', (e) => {
  if (!drag || (!drag.moved && Math.abs(e.clientX - drag.x) < 3)) return;
  drag.moved = true;
  drag.box.toggleAttribute('data-busy', true);
  const t = timeAt(drag.box, e.clientX);
  set(Math.min(t, drag.anchor), Math.max(t, drag.anchor));
});
for (const name of ['pointerup', 'pointercancel'] as const) {
  document.addEventListener(name, () => {
    drag?.box.removeAttribute('data-busy');
    drag = null;
  });
}
document.addEventListener('dblclick', (e) => {
  if (e.target instanceof Element && e.target.closest('#trace-mini')) whole();
});
document.addEventListener('keydown', (e) => {
  const handle = e.target instanceof Element ? e.target.closest<HTMLElement>('.mh') : null;
  if (!handle || e.ctrlKey || e.metaKey || e.altKey) return;
  const left = handle.classList.contains('l');
  const at = left ? from : to;
  const by = (width / 100) * (e.shiftKey ? 10 : 1);
  const next = { ArrowLeft: at - by, ArrowRight: at + by, Home: left ? 0 : from, End: left ? to : width }[e.key];
  if (next === undefined) return;
  e.preventDefault();
  if (left) set(Math.min(clamp(next, 0, width), to - by / 100), to);
  else set(from, Math.max(clamp(next, 0, width), from + by / 100));
});

/** Takes over the overview of a trace so many ns long. */
export function start(length: number, a: number, b: number, on: Changed): void {
  width = length;
  changed = on;
  from = 0;
  to = width;
  if (b > a && a >= 0 && b <= width) set(a, b);
  else draw();
}
