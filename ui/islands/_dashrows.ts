// The rows of a dashboard that is being edited: each has a bar above it with
// its title and what can be done with it.
import { all, icon, make, one } from './_dom';
import { bottom, find, settle, type Dashboard, type Row } from './_dashmodel';

/** What editing lends: the dashboard, and what to do around a change. */
export interface Desk {
  model: () => Dashboard | null;
  change: () => void;
  lay: (row: Row) => void;
  add: (row: Row) => void;
}

/** How a row is found on the page while it is edited; the file does not have it. */
type Keyed = Row & { key?: string };

const keyOf = (row: Row): string => (row as Keyed).key ?? '';
const boxes = (row: Row): HTMLElement[] => all(`#dash .dg[data-row="${keyOf(row)}"]`);
/** A row's part of the page: its grid, and the frame with its title. */
const outer = (grid: HTMLElement): HTMLElement => grid.closest<HTMLElement>('.drow') ?? grid;

/** The dashboard as its file has it. */
export function filed(d: Dashboard): Dashboard {
  return { ...d, rows: d.rows.map((row) => ({ ...row, key: undefined })) };
}

/** Tells the rows of a fresh page apart. */
export function keyRows(d: Dashboard): void {
  d.rows.forEach((row, i) => {
    (row as Keyed).key = 'r' + i;
    for (const grid of all(`#dash .dg[data-row-no="${i}"]`)) grid.dataset['row'] = 'r' + i;
  });
}

/** The grid into which a row's panels go; the first where it is repeated. */
export const gridOf = (row: Row): HTMLElement | undefined => boxes(row)[0];

export const rowOf = (d: Dashboard, grid: Element | null | undefined): Row | undefined =>
  d.rows.find((row) => keyOf(row) === (grid as HTMLElement | null)?.dataset['row']);

let made = 0;

/** Brings the page to the rows that there are, in their order, with bars or without. */
export function arrange(desk: Desk, editing: boolean): void {
  const d = desk.model();
  const end = one('#dash-form');
  if (!d || !end) return;
  all('#dash .drbar').forEach((el) => el.remove());
  const keys = new Set(d.rows.map(keyOf));
  for (const grid of all('#dash .dg')) if (!keys.has(grid.dataset['row'] ?? '')) outer(grid).remove();
  d.rows.forEach((row, no) => {
    if (!gridOf(row)) {
      const grid = make('div', 'dg');
      grid.dataset['row'] = keyOf(row);
      end.before(grid);
    }
    if (editing) end.before(bar(desk, d, row, no));
    for (const grid of boxes(row)) {
      const frame = outer(grid);
      if (editing && frame instanceof HTMLDetailsElement) frame.open = true;
      end.before(frame);
    }
    const home = gridOf(row);
    for (const p of row.panels) {
      const found = all(`#dash .dp[data-panel="${p.id}"]`);
      if (home && !found.some((el) => boxes(row).some((grid) => grid.contains(el)))) home.append(...found);
    }
    desk.lay(row);
  });
}

function bar(desk: Desk, d: Dashboard, row: Row, no: number): HTMLElement {
  const title = make('input', 'input') as HTMLInputElement;
  title.value = row.title ?? '';
  title.placeholder = no ? 'Row without a title' : 'Without a title';
  title.maxLength = 300;
  title.setAttribute('aria-label', `Title of row ${no + 1}`);
  // Saving by keys finds what is typed; one step back takes all of it. The bars
  // stay, so that a click that ends the typing meets the button it aims at.
  let typed = false;
  title.addEventListener('input', () => {
    if (!typed) desk.change();
    typed = true;
    if (title.value.trim()) row.title = title.value.trim();
    else delete row.title, delete row['closed'];
    closed.disabled = !row.title;
    closed.checked = !!row['closed'];
  });
  title.addEventListener('change', () => (typed = false));
  const closed = make('input', '') as HTMLInputElement;
  closed.type = 'checkbox';
  closed.checked = !!row['closed'];
  closed.disabled = !row.title;
  closed.addEventListener('change', () => {
    desk.change();
    if (closed.checked) row['closed'] = true;
    else delete row['closed'];
  });
  const button = (act: string, name: string, label: string, off: boolean, run: () => void): HTMLElement => {
    const b = make('button', 'btn sm ghost icon', icon(name)) as HTMLButtonElement;
    b.type = 'button';
    b.title = label;
    b.dataset['does'] = act;
    b.setAttribute('aria-label', `${label}: row ${no + 1}`);
    b.disabled = off;
    b.addEventListener('click', run);
    return b;
  };
  const el = make('div', 'drbar', title, make('label', 'dcheck sm', closed, ' closed at first'), make('span', 'grow'),
    button('add', 'plus', 'Add a panel', false, () => desk.add(row)),
    button('up', 'down', 'Move up', no === 0, () => move(desk, d, row, -1)),
    button('down', 'down', 'Move down', no === d.rows.length - 1, () => move(desk, d, row, 1)),
    button('drop', 'x', 'Remove; its panels stay', d.rows.length < 2, () => remove(desk, d, row)));
  el.dataset['bar'] = keyOf(row);
  return el;
}

/** Draws the rows anew and gives the focus to the first of a row's bar that can have it. */
function again(desk: Desk, row: Row, ...what: string[]): void {
  arrange(desk, true);
  const at = one(`#dash .drbar[data-bar="${keyOf(row)}"]`);
  if (at) what.map((each) => one(`${each}:enabled`, at)).find((el) => el)?.focus();
  at?.scrollIntoView({ block: 'nearest' });
}

function move(desk: Desk, d: Dashboard, row: Row, by: number): void {
  desk.change();
  const no = d.rows.indexOf(row);
  d.rows.splice(no, 1);
  d.rows.splice(no + by, 0, row);
  const [on, back] = by < 0 ? ['up', 'down'] : ['down', 'up'];
  again(desk, row, `[data-does="${on}"]`, `[data-does="${back}"]`);
}

/** A row's panels go to the end of the one above it, or of the one below the first. */
function remove(desk: Desk, d: Dashboard, row: Row): void {
  desk.change();
  const no = d.rows.indexOf(row);
  const to = d.rows[no ? no - 1 : 1];
  if (!to) return;
  const from = bottom(to);
  for (const p of row.panels) to.panels.push({ ...p, place: { ...p.place, y: p.place.y + from } });
  settle(to);
  // the panels leave before their row does
  for (const p of row.panels) gridOf(to)?.append(...all(`#dash .dp[data-panel="${p.id}"]`));
  d.rows.splice(no, 1);
  again(desk, to, '[data-does="drop"]', '[data-does="add"]'); // not a text, which has a Ctrl Z of its own
}

export function addRow(desk: Desk): void {
  const d = desk.model();
  if (!d) return;
  desk.change();
  const row: Keyed = { title: 'New row', panels: [], key: 'n' + made++ };
  d.rows.push(row);
  again(desk, row, 'input');
  one<HTMLInputElement>(`#dash .drbar[data-bar="${row.key}"] input`)?.select();
}

/** Puts a panel into another row; false when it is there already. */
export function toRow(desk: Desk, id: number, row: Row | undefined, y: number): boolean {
  const d = desk.model();
  const at = d && find(d, id);
  if (!at || !row || at.row === row) return false;
  at.row.panels = at.row.panels.filter((p) => p.id !== id);
  settle(at.row);
  at.panel.place.y = y;
  row.panels.push(at.panel);
  settle(row, at.panel);
  gridOf(row)?.append(...all(`#dash .dp[data-panel="${id}"]`));
  desk.lay(at.row);
  desk.lay(row);
  return true;
}

/** The row above or below, when a panel is at the edge of its own; where it then begins. */
export function beyond(d: Dashboard, id: number, by: number): { row: Row; y: number } | null {
  const at = find(d, id);
  if (!at) return null;
  const { y, h } = at.panel.place;
  const edge = by < 0 ? y === 0 : y + h >= bottom(at.row);
  const row = d.rows[d.rows.indexOf(at.row) + by];
  return edge && row ? { row, y: by < 0 ? bottom(row) : 0 } : null;
}
