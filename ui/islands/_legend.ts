// The table under a chart: its buttons switch lines off, its rows stand for the
// lines under the cross-hair and the other way round.
import { all, one } from './_dom';

// Lines that the reader has switched off stay off through refreshes.
const off = new Set<string>();

/** What the table steers. */
export interface Steered {
  names: string[]; // of the lines, in the order of the rows
  show(line: number, on: boolean): void;
  focus(line: number | null): void;
}

let steered: Steered | null = null;

const rows = (): HTMLElement[] => all('#legend tr[data-series]');
const rowOf = (e: Event): HTMLElement | null => (e.target instanceof Element ? e.target.closest<HTMLElement>('#legend tr[data-series]') : null);
const lineOf = (row: HTMLElement): number => Number(row.dataset['series']);

export const isOff = (name: string): boolean => off.has(name);

/** Makes the table steer a chart; null for none. */
export function steer(what: Steered | null): void {
  steered = what;
  rows().forEach((row) => mark(row, !off.has(what?.names[lineOf(row)] ?? '')));
  whole();
}

/** Shows which row stands for a line. */
export function light(line: number | null): void {
  rows().forEach((r) => r.classList.toggle('on', lineOf(r) === line));
}

function mark(row: HTMLElement, on: boolean): void {
  row.classList.toggle('off', !on);
  const button = one('[data-act="series"]', row);
  button?.classList.toggle('on', on);
  button?.setAttribute('aria-pressed', String(on));
}

/** The button in the head is pressed while every line is shown. */
function whole(): void {
  const on = !rows().some((r) => r.classList.contains('off'));
  const button = one('#legend [data-act="all-series"]');
  button?.classList.toggle('on', on);
  button?.setAttribute('aria-pressed', String(on));
}

function set(row: HTMLElement, on: boolean): void {
  const name = steered?.names[lineOf(row)];
  if (name === undefined || on !== off.has(name)) return;
  if (on) off.delete(name);
  else off.add(name);
  mark(row, on);
  steered?.show(lineOf(row), on);
}

/** One line alone; all of them when it was alone already. */
function only(row: HTMLElement): void {
  const alone = rows().every((r) => r.classList.contains('off') === (r !== row));
  rows().forEach((r) => set(r, alone || r === row));
}

document.addEventListener('click', (e) => {
  const button = e.target instanceof Element ? e.target.closest<HTMLElement>('#legend [data-act]') : null;
  if (!button) return;
  const row = rowOf(e);
  if (button.dataset['act'] === 'all-series') {
    const on = rows().some((r) => r.classList.contains('off'));
    rows().forEach((r) => set(r, on));
  } else if (row && (e.ctrlKey || e.metaKey)) {
    only(row);
  } else if (row) {
    set(row, row.classList.contains('off'));
  }
  whole();
});

document.addEventListener('pointerover', (e) => {
  const row = rowOf(e);
  if (row) steered?.focus(lineOf(row));
});

document.addEventListener('pointerout', (e) => {
  if (rowOf(e)) steered?.focus(null);
});
