// The lines: only those near the screen are in the page, others are fetched as
// they come near, and the address keeps where the reader is.
import { address, one, toast } from './_dom';
import { copy } from './_copy';
import { List } from './_list';
import { decorate, focusRow, lines, root, rowsOf } from './_loglines';
import { look, shown, stop, wait } from './_logmore';
import { open, toggle } from './_logopen';
import { htmx, swapTo } from './_swap';

const stuck = (el: Element | null): number =>
  el instanceof HTMLElement && getComputedStyle(el).position === 'sticky' ? el.offsetHeight : 0;

let over = 0; // what sticky gives

/** What stands over the lines while they scroll: the top bar, the tabs, the head of the columns. */
const sticky = (): number => over;

let wrapped = false;

const measured = (): boolean => innerWidth <= 640 || wrapped;

// ── the reader's place ──

/** The next or previous row; an open row hands on that it is open. */
function step(by: number): void {
  const l = lines.list;
  if (!l?.length) return;
  const here = document.activeElement?.closest('.lr, .exp');
  const id = here instanceof HTMLElement ? (here.dataset['of'] ?? here.id) : '';
  let i = id ? l.index(id) : -1;
  if (i < 0) i = by > 0 ? l.at().row - 1 : l.end() + 1;
  const next = Math.max(0, Math.min(l.length - 1, i + by));
  const follow = lines.opened !== null && lines.opened === id && next !== i;
  focusRow(next);
  if (follow) void open(l.rows[next]?.id ?? '');
}

let leaving = false; // the address is of another list already

/** The address keeps the row above the first one on the screen, from which the list goes on. */
function remember(): void {
  const l = lines.list;
  if (leaving || !l?.length || root()?.dataset['tail']) return;
  const { row, by } = l.at();
  const top = row === 0 && !lines.above;
  const before = row > 0 ? l.rows[row - 1]?.id : undefined;
  const now = new URLSearchParams(location.search).get('cursor');
  const cursor = top ? null : (before ?? now);
  const state = { ...(history.state as object | null), by: top ? 0 : Math.round(by), y: Math.round(scrollY) };
  history.replaceState(state, '', address({ cursor, before: null }));
}

/** A new page is where the address says: at its cursor, at the line that is selected, or at the top. */
function settle(): void {
  const l = lines.list;
  if (!l?.length) return;
  const at = new URLSearchParams(location.search);
  const here = one('.lr.here')?.id ?? at.get('around') ?? '';
  const mid = Math.round((innerHeight - sticky()) / 3);
  const was = (history.state ?? {}) as { by?: number; y?: number }; // where it was left, if it was
  if (at.has('cursor')) l.show(0, -(was.by ?? 0));
  else if (was.y !== undefined) scrollTo({ top: was.y });
  else if (here && l.index(here) >= 0) l.show(l.index(here), mid);
  else if (lines.opened && (lines.above || l.index(lines.opened) > 12)) l.show(l.index(lines.opened), mid);
  else if (scrollY > l.top - sticky()) scrollTo({ top: l.top - sticky() });
}

function wrap(link: HTMLElement): void {
  const on = (wrapped = root()?.classList.toggle('wrapped') ?? false);
  link.classList.toggle('on', on);
  history.replaceState(history.state, '', address({ wrap: on ? '1' : null }));
  link.setAttribute('href', address({ wrap: on ? null : '1' }));
  lines.list?.reflow();
}

/** Goes to what surrounds the line that is open or has the focus. */
function context(): void {
  const link = one<HTMLAnchorElement>('.exp [data-around]');
  const row = document.activeElement?.closest<HTMLElement>('.lr[id]')?.id ?? lines.opened;
  if (link && (!row || row === lines.opened)) return link.click();
  if (!row) return toast('Choose a line first: j and k move.', 'warn');
  if (one('.around')) return toast('These are its surroundings.');
  void swapTo(address({ around: row, sel: null, cursor: null, live: null }));
}

function clicked(e: MouseEvent): void {
  const target = e.target;
  if (!(target instanceof Element) || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
  const act = target.closest<HTMLElement>('[data-act]');
  switch (act?.dataset['act']) {
    case 'wrap':
      e.preventDefault();
      return wrap(act);
    case 'context':
      return context();
    case 'copy-link':
      e.preventDefault();
      return void copy((act as HTMLAnchorElement).href.replace(/#.*/, ''), 'Link to this line copied, with absolute times.');
    case 'close-line':
      return toggle(act.closest<HTMLElement>('.exp')?.dataset['of'] ?? '');
    case 'newest':
      return newest();
  }
  const row = target.closest<HTMLElement>('#log-rows .lr');
  if (!row) return;
  if (target.closest('a') && !target.closest('[data-open]')) return;
  const s = getSelection();
  if (s && !s.isCollapsed && row.contains(s.anchorNode)) return; // selecting text is not opening
  e.preventDefault();
  focusRow(lines.list?.index(row.id) ?? -1);
  toggle(row.id);
}

/** To the top of the list, wherever it began. */
function newest(): void {
  if (root()?.dataset['tail']) return; // the tail goes there itself
  if (!lines.above) {
    if (lines.list) scrollTo({ top: Math.min(scrollY, Math.max(0, lines.list.top - sticky())) });
    return focusRow(0);
  }
  void swapTo(address({ cursor: null, before: null, sel: null }));
}

// ── life ──

/** A list that is scrolled must not change under the eyes. */
function reading(): void {
  const el = root();
  if (!el || !lines.list) return;
  const away = !el.dataset['tail'] && (scrollY > 80 || lines.list.length > 250);
  if (away !== 'busy' in el.dataset) el.toggleAttribute('data-busy', away);
}

let still = 0;

/** After each frame in which the list moved. */
function seen(): void {
  look();
  reading();
  document.dispatchEvent(new CustomEvent('tripod:scrolled'));
}

function scrolled(): void {
  lines.list?.soon();
  clearTimeout(still);
  still = window.setTimeout(remember, 200);
}

function waiting(id: string): HTMLElement {
  const el = document.createElement('div');
  el.className = 'more t-3 sm';
  el.id = id;
  return el;
}

/** The head of the columns sticks under the tabs, however high these are. */
function heads(): void {
  over = stuck(one('.topbar')) + stuck(one('.lt')) + stuck(one('.lh'));
  document.documentElement.style.setProperty('--lt', (one('.lt')?.offsetHeight ?? 0) + 'px');
}

/** Takes over the list that the server sent. */
function start(): void {
  const el = root();
  if (!el || el === lines.list?.root) return;
  stop();
  lines.above = !!one('.more.up', el);
  lines.below = !!one('.more.down', el);
  const why = one('.more.stop', el)?.textContent ?? '';
  const { rows, open: under } = rowsOf(el);
  lines.opened = under?.[0] ?? null;
  const focused = document.activeElement instanceof HTMLElement && document.activeElement !== document.body;
  heads();
  wrapped = el.classList.contains('wrapped');
  const list = (lines.list = new List(el, sticky, seen, measured, (id) => id === lines.opened || id === lines.current, decorate));
  for (const dir of ['up', 'down']) document.getElementById(`log-wait-${dir}`)?.remove();
  el.before(waiting('log-wait-up'));
  el.after(waiting('log-wait-down'));
  lines.list.append(rows);
  if (under) {
    lines.list.under(...under);
    htmx()?.process(under[1]);
  }
  wait('down', why);
  settle();
  shown();
  look();
  reading();
  if (!focused && lines.current && lines.list.index(lines.current) >= 0) lines.list.el(lines.list.index(lines.current))?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent('tripod:rows'));
}

/** A refresh brings the lines of the address anew; the tail has its own. */
function refreshed(e: Event): void {
  const next = (e as CustomEvent<Document>).detail.getElementById('log-rows');
  const now = root();
  if (!next || !now || (now.dataset['tail'] && next.dataset['tail'])) return start();
  now.replaceWith(document.importNode(next, true));
  start();
}

/** Another list in place of the one that is shown, as the server sent it. */
export function adopt(next: Element): void {
  root()?.replaceWith(document.importNode(next, true));
  start();
}

history.scrollRestoration = 'manual'; // the list knows better where it was
document.addEventListener('click', clicked);
// who leaves while the list still moves comes back to where it was then
document.addEventListener('click', remember, true);
document.addEventListener('tripod:step', (e) => {
  if (!lines.list?.length || !root()) return;
  e.preventDefault();
  step((e as CustomEvent<number>).detail);
});
document.addEventListener('tripod:refreshed', refreshed);
document.addEventListener('htmx:pushedIntoHistory', () => {
  leaving = true;
});
document.addEventListener('htmx:afterSettle', () => {
  leaving = false;
  start();
});
document.addEventListener('tripod:cut', () => {
  lines.below = true; // what a live list gives up can be read again
});
addEventListener('scroll', scrolled, { passive: true });
let width = innerWidth;
addEventListener('resize', () => {
  heads();
  if (innerWidth !== width) lines.list?.reflow();
  else lines.list?.soon();
  width = innerWidth;
});
start();
