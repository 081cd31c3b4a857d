// Columns: dragged by their heads or in their list, moved with Shift and an
// arrow, removed with Delete.
import { address, all, one } from './_dom';
import { swapTo } from './_swap';

const usual = ['level', 'service'];

/** The columns that are shown, in their order. */
const columns = (): string[] => all('.lh .ch').map((el) => el.dataset['col'] ?? '');

function withColumns(cols: string[]): string {
  const url = new URL(address({ cols: null }), location.origin);
  if (!cols.length) url.searchParams.set('cols', '-');
  else if (cols.join('\n') !== usual.join('\n')) for (const c of cols) url.searchParams.append('cols', c);
  return url.pathname + url.search;
}

let again: { pop: boolean; focus: string | null } | null = null; // what is put back after the swap

function go(cols: string[], from: Element, focus: string | null = null): void {
  const pop = !!from.closest('#cols-pop');
  again = { pop, focus: focus && `${pop ? '#cols-pop' : '.lh'} [data-col="${CSS.escape(focus)}"]` };
  void swapTo(withColumns(cols));
}

/** Moves a column in front of another; with none, to the end. */
export function moved(cols: string[], name: string, before: string | null): string[] {
  const rest = cols.filter((c) => c !== name);
  const at = before === null ? rest.length : rest.indexOf(before);
  if (at < 0 || before === name) return cols;
  return [...rest.slice(0, at), name, ...rest.slice(at)];
}

let dragged: string | null = null;

const target = (e: Event): HTMLElement | null => (e.target instanceof Element ? e.target.closest<HTMLElement>('[data-col]') : null);

/** Whether a drop would be behind the column under the pointer. */
function behind(el: HTMLElement, e: DragEvent): boolean {
  const box = el.getBoundingClientRect();
  return el.closest('.lh') ? e.clientX > box.left + box.width / 2 : e.clientY > box.top + box.height / 2;
}

function unmark(): void {
  for (const el of all('[data-col].into, [data-col].behind')) el.classList.remove('into', 'behind');
}

document.addEventListener('dragstart', (e) => {
  const el = target(e);
  if (!el) return;
  dragged = el.dataset['col'] ?? null;
  e.dataTransfer?.setData('text/plain', dragged ?? '');
  if (e.dataTransfer) e.dataTransfer.effectAllowed = 'move';
});

document.addEventListener('dragover', (e) => {
  const el = target(e);
  if (dragged === null || !el) return;
  e.preventDefault();
  unmark();
  el.classList.add(behind(el, e) ? 'behind' : 'into');
});

document.addEventListener('drop', (e) => {
  const el = target(e);
  if (dragged === null || !el) return;
  e.preventDefault();
  const cols = columns();
  const over = el.dataset['col'] ?? '';
  const next = behind(el, e) ? (cols[cols.indexOf(over) + 1] ?? null) : over;
  const now = next === dragged ? cols : moved(cols, dragged, next);
  if (now.join('\n') !== cols.join('\n')) go(now, el);
});

document.addEventListener('dragend', () => {
  dragged = null;
  unmark();
});

document.addEventListener('keydown', (e) => {
  const el = target(e);
  if (!el || el !== e.target || e.ctrlKey || e.metaKey || e.altKey) return;
  const name = el.dataset['col'] ?? '';
  const cols = columns();
  const i = cols.indexOf(name);
  const [back, forth] = el.closest('.lh') ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
  if (e.key === 'Delete' || e.key === 'Backspace') {
    e.preventDefault();
    return go(moved(cols, name, null).slice(0, -1), el, cols[i + 1] ?? cols[i - 1] ?? null);
  }
  const by = e.key === back ? -1 : e.key === forth ? 1 : 0;
  const other = cols[i + by];
  if (!by || i < 0) return;
  e.preventDefault();
  if (other === undefined) return;
  if (!e.shiftKey) return one(`${el.closest('.lh') ? '.lh' : '#cols-pop'} [data-col="${CSS.escape(other)}"]`)?.focus();
  go(by < 0 ? moved(cols, name, other) : moved(cols, name, cols[i + 2] ?? null), el, name);
});

// Links that change columns keep the place in the list, and the popover open.
document.addEventListener('htmx:configRequest', (e) => {
  const { elt, path } = (e as CustomEvent<{ elt: Element; path: string }>).detail;
  if (!elt.matches('[data-cols]')) return;
  const cursor = new URLSearchParams(location.search).get('cursor');
  if (cursor) (e as CustomEvent<{ path: string }>).detail.path = path + (path.includes('?') ? '&' : '?') + 'cursor=' + encodeURIComponent(cursor);
  again = { pop: !!elt.closest('#cols-pop'), focus: null };
});

document.addEventListener('htmx:afterSettle', () => {
  if (!again) return;
  const { pop, focus } = again;
  again = null;
  if (pop) document.getElementById('cols-pop')?.showPopover();
  if (focus) one(focus)?.focus();
});
