// The lines: only those near the screen are in the page, others are fetched as
// they come near, and the address keeps where the reader is.
import { address, all, one, toast } from './_dom';
import { copy } from './_copy';
import { List, type Row } from './_list';
import { htmx, swapTo } from './_swap';

/** Lines kept in memory; those farthest off are given up for new ones. */
const most = 20_000;
/** How many rows before the end of the list the next are fetched. */
const ahead = 160;

export let list: List | null = null;
export const root = (): HTMLElement | null => one('#log-rows');

let above = false; // the list goes on above its first row
let below = false;
let opened: string | null = null; // id of the open row
let opening: AbortController | null = null;
let loading: { up: AbortController | null; down: AbortController | null } = { up: null, down: null };

const stuck = (el: Element | null): number =>
  el instanceof HTMLElement && getComputedStyle(el).position === 'sticky' ? el.offsetHeight : 0;

let over = 0; // what sticky gives

/** What stands over the lines while they scroll: the top bar, the tabs, the head of the columns. */
const sticky = (): number => over;

let wrapped = false;

const measured = (): boolean => innerWidth <= 640 || wrapped;

/** Rows of the server's answer. A row that is open is taken as closed; what was under it comes with it. */
export function rowsOf(box: ParentNode): { rows: Row[]; open: [string, HTMLElement] | null } {
  let open: [string, HTMLElement] | null = null;
  const rows = all('.lr', box).map((el): Row => {
    const under = el.nextElementSibling;
    if (under instanceof HTMLElement && under.classList.contains('exp')) open = [el.id, under];
    el.classList.remove('open');
    return { id: el.id, html: el.outerHTML };
  });
  return { rows, open };
}

function decorate(row: HTMLElement): void {
  const on = row.id === opened;
  row.classList.toggle('open', on);
  one('.at', row)?.setAttribute('aria-expanded', String(on));
  if (row.id === current) row.tabIndex = 0;
}

// ── the reader's place ──

let current = ''; // id of the row that has or had the focus

function focusRow(i: number): void {
  const l = list;
  const row = l?.rows[i];
  if (!l || !row) return;
  l.reveal(i);
  const el = l.el(i);
  if (!el) return;
  const before = document.getElementById(current);
  if (before) before.tabIndex = -1;
  current = row.id;
  el.tabIndex = 0;
  el.focus({ preventScroll: true });
}

/** The next or previous row; an open row hands on that it is open. */
function step(by: number): void {
  const l = list;
  if (!l?.length) return;
  const here = document.activeElement?.closest('.lr, .exp');
  const id = here instanceof HTMLElement ? (here.dataset['of'] ?? here.id) : '';
  let i = id ? l.index(id) : -1;
  if (i < 0) i = by > 0 ? l.at().row - 1 : l.end() + 1;
  const next = Math.max(0, Math.min(l.length - 1, i + by));
  const follow = opened !== null && opened === id && next !== i;
  focusRow(next);
  if (follow) void open(l.rows[next]?.id ?? '');
}

/** The address keeps the row above the first one on the screen, from which the list goes on. */
function remember(): void {
  const l = list;
  if (!l?.length || root()?.dataset['tail']) return;
  const { row, by } = l.at();
  const top = row === 0 && !above;
  const before = row > 0 ? l.rows[row - 1]?.id : undefined;
  const now = new URLSearchParams(location.search).get('cursor');
  const cursor = top ? null : (before ?? now);
  const state = { ...(history.state as object | null), by: top ? 0 : Math.round(by) };
  history.replaceState(state, '', address({ cursor, before: null }));
}

/** A new page is where the address says: at its cursor, at the line that is selected, or at the top. */
function settle(): void {
  const l = list;
  if (!l?.length) return;
  const at = new URLSearchParams(location.search);
  const here = one('.lr.here')?.id ?? at.get('around') ?? '';
  const mid = Math.round((innerHeight - sticky()) / 3);
  if (at.has('cursor')) {
    const by = Number((history.state as { by?: number } | null)?.by ?? 0);
    l.show(0, Number.isFinite(by) ? -by : 0);
  } else if (here && l.index(here) >= 0) l.show(l.index(here), mid);
  else if (opened && (above || l.index(opened) > 12)) l.show(l.index(opened), mid);
  else if (scrollY > l.top - sticky()) scrollTo({ top: l.top - sticky() });
}

// ── further lines ──

function wait(dir: 'up' | 'down', text: string): void {
  const el = one(`#log-wait-${dir}`);
  if (el) el.textContent = text;
}

async function more(dir: 'up' | 'down'): Promise<void> {
  const l = list;
  const url = root()?.dataset['more'];
  const end = dir === 'up' ? l?.rows[0] : l?.rows.at(-1);
  if (!l || !url || !end || loading[dir] || !(dir === 'up' ? above : below)) return;
  const mine = new AbortController();
  loading[dir] = mine;
  const slow = window.setTimeout(() => wait(dir, 'Reading further lines…'), 150);
  const place = `${dir === 'up' ? 'before' : 'cursor'}=${encodeURIComponent(end.id)}`;
  try {
    const answer = await fetch(url + (url.includes('?') ? '&' : '?') + place, { signal: mine.signal });
    const box = document.createElement('template');
    box.innerHTML = await answer.text(); // our own rows, under the page's policy
    if (list !== l || loading[dir] !== mine) return;
    const stop = one('.stop', box.content)?.textContent ?? '';
    if (!answer.ok) return wait(dir, stop || 'Further lines could not be read. r tries again.');
    const { rows } = rowsOf(box.content);
    if (dir === 'up') {
      above = !!one('.more.up', box.content);
      l.prepend(rows, true);
      if (l.length > most) {
        l.truncate(most);
        below = true;
      }
    } else {
      below = !!one('.more.down', box.content);
      l.append(rows);
      if (l.length > most) {
        l.shift(l.length - most);
        above = true;
      }
    }
    wait(dir, stop);
    shown();
    loading[dir] = null;
    look();
  } catch {
    if (!mine.signal.aborted) wait(dir, 'The appliance does not answer. r tries again.');
  } finally {
    clearTimeout(slow);
    if (loading[dir] === mine) loading[dir] = null;
  }
}

/** What the foot says of how many lines there are. */
function shown(): void {
  const el = one('#log-shown');
  const total = el?.dataset['total'];
  const n = list?.length ?? 0;
  if (!el || !n) return;
  const words = n.toLocaleString('en-US');
  el.textContent = !above && !below ? `Showing all ${words}` : total ? `Showing ${words} of ${total}` : `Showing ${words}`;
}

/** Fetches what comes near. */
function look(): void {
  const l = list;
  if (!l?.length) return;
  if (below && l.end() > l.length - ahead) void more('down');
  if (above && l.at().row < ahead) void more('up');
}

// ── an open line ──

function keepOpen(id: string | null): void {
  history.replaceState(history.state, '', address({ sel: id }));
}

export const openRow = (): string | null => opened;

export function close(): void {
  opening?.abort();
  const id = opened;
  opened = null;
  if (!id) return;
  list?.under(id, null);
  const row = document.getElementById(id);
  if (row) decorate(row);
  document.dispatchEvent(new CustomEvent('tripod:closed'));
}

export async function open(id: string): Promise<void> {
  const l = list;
  if (!l || !id) return;
  const held = l.index(id);
  close();
  const mine = new AbortController();
  opening = mine;
  opened = id;
  keepOpen(id);
  const row = document.getElementById(id);
  if (row) decorate(row);
  document.dispatchEvent(new CustomEvent('tripod:opened'));
  try {
    const answer = await fetch(address({ at: id, sel: null, cursor: null, live: null }, '/logs/line'), { signal: mine.signal });
    const text = await answer.text();
    if (opened !== id || list !== l) return;
    if (!answer.ok) {
      toast(answer.status === 404 ? 'This line is no longer kept.' : 'The line could not be opened.', 'warn');
      keepOpen(null);
      return close();
    }
    const box = document.createElement('template');
    box.innerHTML = text; // our own page, under its policy
    const detail = box.content.firstElementChild;
    if (!(detail instanceof HTMLElement)) return;
    l.under(id, detail);
    htmx()?.process(detail);
    if (held >= 0 && document.activeElement?.id === id) l.reveal(l.index(id));
  } catch {
    if (mine.signal.aborted) return;
    toast('The line could not be opened.', 'warn');
    keepOpen(null);
    close();
  }
}

function toggle(id: string): void {
  if (opened !== id) return void open(id);
  close();
  keepOpen(null);
  focusRow(list?.index(id) ?? -1);
}

function wrap(link: HTMLElement): void {
  const on = (wrapped = root()?.classList.toggle('wrapped') ?? false);
  link.classList.toggle('on', on);
  history.replaceState(history.state, '', address({ wrap: on ? '1' : null }));
  link.setAttribute('href', address({ wrap: on ? null : '1' }));
  list?.reflow();
}

/** Goes to what surrounds the line that is open or has the focus. */
function context(): void {
  const link = one<HTMLAnchorElement>('.exp [data-around]');
  const row = document.activeElement?.closest<HTMLElement>('.lr[id]')?.id ?? opened;
  if (link && (!row || row === opened)) return link.click();
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
  focusRow(list?.index(row.id) ?? -1);
  toggle(row.id);
}

/** To the top of the list, wherever it began. */
function newest(): void {
  if (root()?.dataset['tail']) return; // the tail goes there itself
  if (!above) {
    if (list) scrollTo({ top: Math.min(scrollY, Math.max(0, list.top - sticky())) });
    return focusRow(0);
  }
  void swapTo(address({ cursor: null, before: null, sel: null }));
}

// ── life ──

/** A list that is scrolled must not change under the eyes. */
function reading(): void {
  const el = root();
  if (!el || !list) return;
  const away = !el.dataset['tail'] && (scrollY > 80 || list.length > 250);
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
  list?.soon();
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
  if (!el || el === list?.root) return;
  for (const dir of ['up', 'down'] as const) loading[dir]?.abort();
  loading = { up: null, down: null };
  opening?.abort();
  above = !!one('.more.up', el);
  below = !!one('.more.down', el);
  const stop = one('.more.stop', el)?.textContent ?? '';
  const { rows, open: under } = rowsOf(el);
  opened = under?.[0] ?? null;
  const focused = document.activeElement instanceof HTMLElement && document.activeElement !== document.body;
  heads();
  wrapped = el.classList.contains('wrapped');
  list = new List(el, sticky, seen, measured, (id) => id === opened || id === current, decorate);
  for (const dir of ['up', 'down']) document.getElementById(`log-wait-${dir}`)?.remove();
  el.before(waiting('log-wait-up'));
  el.after(waiting('log-wait-down'));
  list.append(rows);
  if (under) {
    list.under(...under);
    htmx()?.process(under[1]);
  }
  wait('down', stop);
  settle();
  shown();
  look();
  reading();
  if (!focused && current && list.index(current) >= 0) list.el(list.index(current))?.focus({ preventScroll: true });
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
  if (!list?.length || !root()) return;
  e.preventDefault();
  step((e as CustomEvent<number>).detail);
});
document.addEventListener('tripod:refreshed', refreshed);
document.addEventListener('htmx:afterSettle', start);
document.addEventListener('tripod:cut', () => {
  below = true; // what a live list gives up can be read again
});
addEventListener('scroll', scrolled, { passive: true });
let width = innerWidth;
addEventListener('resize', () => {
  heads();
  if (innerWidth !== width) list?.reflow();
  else list?.soon();
  width = innerWidth;
});
start();
