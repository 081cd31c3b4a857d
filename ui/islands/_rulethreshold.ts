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

/** Writes into a field beside the query, as a hand would. */
function set(name: string, text: string): void {
  const field = one<HTMLInputElement>(`#rule-form [name="${name}"]`);
  if (!field || field.value === text) return;
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Puts a number in the place of the one that the expression compares with. */
function write(text: string): void {
  const at = one('[data-threshold]');
  if (!at || text.trim() === '' || !Number.isFinite(Number(text))) return;
  if ('beside' in at.dataset) return set('than', text.trim());
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

/** Who goes on in PromQL from another language finds there what was asked. */
function switched(e: Event): void {
  const el = e.target as HTMLInputElement;
  const expr = one('#rule-look')?.dataset['expr'] ?? '';
  if (el.name === 'lang' && el.value === 'promql' && expr) replace(0, box()?.value.length ?? 0, expr);
}

export function start(): void {
  document.addEventListener('change', switched);
  document.addEventListener('click', (e) => {
    const compare = e.target instanceof Element ? e.target.closest<HTMLElement>('[data-compare]')?.dataset['compare'] : null;
    const beside = one<HTMLInputElement>('#rule-form [name="lang"]:checked');
    if (compare && beside && beside.value !== 'promql') {
      const [op, than] = compare.split(' ');
      set('op', op ?? '');
      return set('than', than ?? '');
    }
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
