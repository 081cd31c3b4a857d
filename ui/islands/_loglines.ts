// What the modules of the lines share: the list, and what is open in it.
import { address, all, one } from './_dom';
import type { List, Row } from './_list';

export const lines = {
  list: null as List | null,
  above: false, // the list goes on above its first row
  below: false,
  opened: null as string | null, // id of the open row
  current: '', // id of the row that has or had the focus
};

export const root = (): HTMLElement | null => one('#log-rows');

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

/** Gives a row what its HTML does not say. */
export function decorate(row: HTMLElement): void {
  const on = row.id === lines.opened;
  row.classList.toggle('open', on);
  one('.at', row)?.setAttribute('aria-expanded', String(on));
  if (row.id === lines.current) row.tabIndex = 0;
}

export function focusRow(i: number): void {
  const l = lines.list;
  const row = l?.rows[i];
  if (!l || !row) return;
  l.reveal(i);
  const el = l.el(i);
  if (!el) return;
  const before = document.getElementById(lines.current);
  if (before) before.tabIndex = -1;
  lines.current = row.id;
  el.tabIndex = 0;
  el.focus({ preventScroll: true });
}

/** The address keeps which line is open. */
export function keepOpen(id: string | null): void {
  history.replaceState(history.state, '', address({ sel: id }));
}
