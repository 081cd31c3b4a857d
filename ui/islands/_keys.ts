import { all, make, one, typing } from './_dom';
import { drop } from './_brush';
import { share } from './_copy';
import { toggle } from './_pop';
import { openPalette } from './_palette';
import { refresh } from './_refresh';

const go: Record<string, string> = { o: 'home', l: 'logs', m: 'metrics', t: 'traces', s: 'services', a: 'alerts', d: 'dash', p: 'planner' };

const help: [string[], string][] = [
  [['Ctrl K'], 'search or jump to'],
  [['/'], 'query box or the first filter field'],
  [['g', 'o l m t s a d p'], 'overview, logs, metrics, traces, services, alerts, dashboards, planner'],
  [['t'], 'time range; in a log row its trace'],
  [['s'], 'service'],
  [['[', ']', 'z'], 'earlier, later, zoom out'],
  [['r'], 'refresh'],
  [['j', 'k'], 'next row, previous row'],
  [['Enter'], 'open the row'],
  [['Esc'], 'undo the last opening'],
  [['y'], 'copy the share link'],
  [['?'], 'these keys'],
];

let afterG = 0;

/** Rows that j and k walk: whatever a screen marks with data-row and shows. */
const rows = (): HTMLElement[] => all('#main [data-row]').filter((r) => r.offsetParent !== null);

function step(by: number): void {
  // a list that is only partly in the page steps by itself
  if (!document.dispatchEvent(new CustomEvent('tripod:step', { detail: by, cancelable: true }))) return;
  const list = rows();
  const here = document.activeElement?.closest<HTMLElement>('[data-row]');
  const i = here ? list.indexOf(here) : -1;
  const next = list[i < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(i + by, 0), list.length - 1)];
  if (!next) return;
  if (!next.hasAttribute('tabindex') && next.tabIndex < 0) next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
}

function open(row: HTMLElement): void {
  (one('[data-open]', row) ?? one('summary, a[href], button', row))?.click();
}

function showKeys(): void {
  const dialog = one<HTMLDialogElement>('#keys');
  const list = one('#keys dl');
  if (!dialog || !list) return;
  const items: Node[] = [];
  const extra = all('[data-key-help]').map((el): [string[], string] => [[el.dataset['key'] ?? ''], el.dataset['keyHelp'] ?? '']);
  for (const [keys, text] of [...help, ...extra]) {
    items.push(make('dt', '', ...keys.map((k) => make('kbd', '', k))), make('dd', '', text));
  }
  list.replaceChildren(...items);
  dialog.showModal();
}

/** Esc takes back the last opening: a selection, then an open row, then the focus. */
function escape(target: EventTarget | null): void {
  if (drop()) return;
  if (typing(target)) return (target as HTMLElement).blur();
  const close = all('#main [data-close]').at(-1);
  if (close) return close.click();
  const opened = all<HTMLDetailsElement>('#main details[open]').at(-1);
  if (opened) opened.open = false;
}

function single(e: KeyboardEvent): boolean {
  const row = (e.target as Element | null)?.closest?.<HTMLElement>('[data-row]') ?? null;
  if (afterG && Date.now() - afterG < 1500) {
    afterG = 0;
    const name = go[e.key];
    if (name) one(`.nav a.n:has(use[href="#i-${name}"])`)?.click();
    return !!name;
  }
  switch (e.key) {
    case 'g':
      afterG = Date.now();
      return true;
    case '/': {
      const box = one('#main [data-query] .q') ?? one('#main input[type=search], #main [data-filter]');
      box?.focus();
      return !!box;
    }
    case 't':
      if (row?.dataset['trace']) location.assign(row.dataset['trace']);
      else toggle('time-pop');
      return true;
    case 's':
      toggle('scope-pop');
      return true;
    case 'r':
      void refresh();
      return true;
    case 'j':
    case 'k':
      step(e.key === 'j' ? 1 : -1);
      return true;
    case 'y':
      share();
      return true;
    case '?':
      showKeys();
      return true;
    case 'Enter':
      if (row && e.target === row && !row.matches('a, button, summary')) {
        open(row);
        return true;
      }
      return false;
  }
  const named = all('[data-key]').find((el) => el.dataset['key'] === e.key);
  named?.click();
  return !!named;
}

export function start(): void {
  document.addEventListener('keydown', (e) => {
    if ((e.ctrlKey || e.metaKey) && !e.altKey && e.key.toLowerCase() === 'k') {
      e.preventDefault();
      return openPalette();
    }
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    if (one('dialog[open]')) return;
    if (e.key === 'Escape') {
      const pop = one('[popover]:popover-open');
      if (!pop) return escape(e.target);
      e.preventDefault(); // a search field would only empty itself
      pop.hidePopover();
      // the browser takes the focus out of what is hidden with the next frame only
      if (pop.contains(document.activeElement)) (document.activeElement as HTMLElement).blur();
      return;
    }
    if (!typing(e.target) && single(e)) e.preventDefault();
  });
}
