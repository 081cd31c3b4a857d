import htmx from 'htmx.org';
import { Idiomorph } from 'idiomorph/htmx';
import { all, make, one, toast } from './_dom';

// Parts of a page that a refresh replaces. Nodes with the same id are kept and
// changed in place, so focus, scrolling and open rows survive.
const parts = ['main', 'timepick', 'crumbs'];

let running: AbortController | null = null;
let timer = 0;
let failures = 0;
let shown = new Date();
let asked = 0; // ms since the page began


/** What the reader has opened is the reader's: a refresh does not close it. */
const keep = {
  ignoreActiveValue: true,
  callbacks: {
    beforeNodeMorphed: (old: Node, next: Node): boolean => !(old instanceof HTMLElement && 'keep' in old.dataset && sameKeep(old, next)),
    beforeAttributeUpdated: (name: string, node: Element): boolean =>
      !(name === 'open' && node instanceof HTMLDetailsElement) && !(name === 'tabindex' && 'row' in (node as HTMLElement).dataset),
  },
};

/** What is kept belongs to something, as a back-test to its rule; of something else it is not kept. */
function sameKeep(old: HTMLElement, next: Node): boolean {
  return next instanceof HTMLElement && old.dataset['keep'] === next.dataset['keep'];
}

/** What was kept of something else makes room at once, with what it still asks for. */
function letGo(now: HTMLElement, next: HTMLElement): void {
  for (const old of all('[data-keep][id]', now)) {
    const other = next.querySelector(`#${CSS.escape(old.id)}`);
    if (!other || sameKeep(old, other)) continue;
    htmx.trigger(old, 'htmx:abort', {});
    old.replaceWith(document.importNode(other, true));
  }
}

/**
 * Asks for this view again. An answer that comes after a newer question, or once
 * another view is shown, is dropped, and so is one that nobody asked for once the
 * reader is busy.
 */
export async function refresh(unasked = false): Promise<void> {
  running?.abort();
  const mine = new AbortController();
  const view = location.href;
  running = mine;
  asked = performance.now();
  const busy = window.setTimeout(() => one('#timepick')?.classList.add('busy'), 150);
  try {
    const answer = await fetch(view, { signal: mine.signal, headers: { 'X-Tripod-Refresh': '1' } });
    const text = await answer.text();
    if (running !== mine || (unasked && busyReader())) return;
    if (location.href !== view) return unasked ? undefined : void refresh();
    const doc = new DOMParser().parseFromString(text, 'text/html');
    if (!doc.getElementById('main')) throw new Error('no page');
    replace(doc);
    failures = 0;
    shown = new Date(answer.headers.get('date') ?? Date.now()); // the appliance's clock, not the browser's
    fresh();
  } catch (err) {
    if (running !== mine || mine.signal.aborted) return;
    failures++;
    stale();
  } finally {
    clearTimeout(busy);
    if (running === mine) {
      running = null;
      one('#timepick')?.classList.remove('busy');
      schedule();
    }
  }
}

function replace(doc: Document): void {
  for (const id of parts) {
    const now = document.getElementById(id);
    const next = doc.getElementById(id);
    if (!now || !next) continue;
    letGo(now, next);
    Idiomorph.morph(now, next, { morphStyle: 'outerHTML', ...keep });
  }
  badges(doc);
  const main = document.getElementById('main');
  if (main) htmx.process(main);
  document.dispatchEvent(new CustomEvent('tripod:refreshed', { detail: doc }));
}

/** Only what a navigation entry says changes, never the entry under the pointer. */
function badges(doc: Document): void {
  const next = all('.nav a.n', doc);
  all('.nav a.n').forEach((a, i) => {
    const b = next[i];
    if (!b) return;
    a.querySelectorAll('.badge, .dot').forEach((el) => el.remove());
    b.querySelectorAll('.badge, .dot').forEach((el) => a.append(document.importNode(el, true)));
  });
}

function interval(): number {
  const s = Number(one('#main')?.dataset['refresh'] ?? 0);
  if (!s) return 0;
  return s * 1000 * Math.min(2 ** failures, 16);
}

/** The next refresh; a page that nobody sees waits until it is seen. */
export function schedule(): void {
  clearTimeout(timer);
  const wait = interval();
  if (!wait) return;
  timer = window.setTimeout(() => {
    if (document.hidden || busyReader()) schedule();
    else void refresh(true);
  }, wait);
}

/** Selected text, a drag, an open popover: the reader is in the middle of something. */
function busyReader(): boolean {
  const s = getSelection();
  const main = one('#main');
  const selecting = !!s && !s.isCollapsed && !!main && main.contains(s.anchorNode);
  return selecting || !!one('.pop[popover]:popover-open, dialog[open], .chart .brush, [data-busy]');
}

function stale(): void {
  one('#timepick')?.classList.add('stale');
  const box = one('#toasts');
  if (!box) return;
  const clock = shown.toISOString().slice(11, 19);
  const wait = Math.round(interval() / 1000);
  const again = make('button', 'btn sm', 'Now');
  again.setAttribute('type', 'button');
  again.addEventListener('click', () => void refresh());
  const text = `Shown as of ${clock}.` + (wait ? ` Reconnecting in ${wait} s.` : '');
  const el = make('div', 'toast', make('span', 'dot warn'), make('span', 'grow', text), again);
  el.id = 'stale';
  document.getElementById('stale')?.remove();
  box.prepend(el);
}

function fresh(): void {
  one('#timepick')?.classList.remove('stale');
  document.getElementById('stale')?.remove();
}

export function start(): void {
  schedule();
  document.addEventListener('visibilitychange', () => {
    const every = interval();
    if (!document.hidden && every && performance.now() - asked > every) void refresh(true);
  });
  document.addEventListener('htmx:afterSettle', schedule);
  document.addEventListener('htmx:sendError', () => toast('The appliance does not answer.', 'warn'));
}
