// The threshold of a rule: a number, a slider, and the line on the chart. Each
// writes the number into the expression, where it belongs.
import { one } from './_dom';

let dragging = false;

const box = (): HTMLTextAreaElement | null => one<HTMLTextAreaElement>('#rule-form textarea[name="expr"]');

/** Writes into the expression, through its editor if there is one. */
function replace(from: number, to: number, insert: string): void {
  const area = box();
  if (!area || area.value.slice(from, to) === insert) return;
  const asked = new CustomEvent('tripod:replace', { detail: { from, to, insert }, cancelable: true });
  if (!area.dispatchEvent(asked)) return;
  area.value = area.value.slice(0, from) + insert + area.value.slice(to);
  area.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Puts a number in the place of the one that the expression compares with. */
function write(text: string): void {
  const at = one('[data-threshold]');
  if (!at || text.trim() === '' || !Number.isFinite(Number(text))) return;
  const from = Number(at.dataset['from']);
  replace(from, Number(at.dataset['to']), text.trim());
  at.dataset['to'] = String(from + text.trim().length);
}

/** Shows a number before the server has answered. */
function move(value: number): void {
  const slide = one<HTMLInputElement>('#rule-slide');
  const field = one<HTMLInputElement>('#rule-threshold');
  const step = Number(slide?.step) || 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const text = String(Number((Math.round(value / step) * step).toFixed(digits)));
  if (slide && slide !== document.activeElement) slide.value = text;
  if (field && field !== document.activeElement) field.value = text;
  const max = Number(slide?.max);
  const at = `${(100 * (1 - Number(text) / max)).toFixed(2)}%`;
  const label = one('#rule-look .tlab');
  if (label) {
    label.style.top = at;
    const percent = one('[data-threshold]')?.hasAttribute('data-percent');
    label.textContent = 'threshold ' + (percent ? Number((Number(text) * 100).toPrecision(6)) + ' %' : text);
  }
  const line = one<SVGPathElement>('#rule-look .achart svg .thr');
  const high = Number(one('#rule-look .achart svg')?.getAttribute('viewBox')?.split(' ')[3]);
  if (line && high) line.setAttribute('d', `M0 ${high * (1 - Number(text) / max)}H1000`);
  write(text);
}

/** The value at a height of the plot. */
function valueAt(y: number): number | null {
  const over = one('#rule-look .achart .over')?.getBoundingClientRect();
  const max = Number(one<HTMLInputElement>('#rule-slide')?.max);
  if (!over || !max) return null;
  return Math.min(Math.max(1 - (y - over.top) / over.height, 0), 1) * max;
}

/** Near the line, within so many pixels, a press takes hold of it. */
const reach = 7;

function near(e: PointerEvent): HTMLElement | null {
  const host = e.target instanceof Element ? e.target.closest<HTMLElement>('#rule-look .achart') : null;
  const label = host && one('.tlab', host);
  if (!host || !label || !one('[data-threshold]')) return null;
  return Math.abs(e.clientY - label.getBoundingClientRect().bottom) <= reach ? host : null;
}

export function start(): void {
  document.addEventListener('click', (e) => {
    const compare = e.target instanceof Element ? e.target.closest<HTMLElement>('[data-compare]')?.dataset['compare'] : null;
    const end = box()?.value.trimEnd().length;
    if (compare && end) replace(end, box()?.value.length ?? end, ' ' + compare);
  });
  document.addEventListener('input', (e) => {
    const el = e.target as HTMLInputElement;
    if (el.id === 'rule-slide') move(Number(el.value));
    if (el.id === 'rule-threshold') write(el.value.replace(',', '.'));
  });
  document.addEventListener('pointermove', (e) => {
    if (dragging) {
      const v = valueAt(e.clientY);
      if (v !== null) move(v);
      e.preventDefault();
      return;
    }
    one('#rule-look .achart')?.classList.toggle('drag', !!near(e));
  });
  document.addEventListener('pointerdown', (e) => {
    if (!near(e)) return;
    dragging = true;
    e.preventDefault();
    e.stopPropagation(); // or a part of the time would be selected
  }, true);
  document.addEventListener('pointerup', () => (dragging = false));
  document.addEventListener('pointercancel', () => (dragging = false));
}
