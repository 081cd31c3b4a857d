// The box beside the cross-hair.
import { make } from './_dom';

const atMost = 5; // rows

/** One row: the class of its colour, its name and its value in words. */
export interface TipRow {
  colour: string;
  name: string;
  value: string;
}

/** What a tip says: rows with the nearest first, and anything below them. */
export interface TipText {
  head: string;
  rows: TipRow[];
  below?: Node[];
}

/** A tip inside a plot; place is in px from the plot's corner. */
export class Tip {
  readonly #over: HTMLElement;
  readonly #box = make('div', 'tip');

  constructor(over: HTMLElement) {
    this.#over = over;
  }

  show({ head, rows, below = [] }: TipText, left: number, top: number): void {
    const lines = rows.slice(0, atMost).map((r, i) =>
      make('div', 'row' + (i ? ' t-2' : ''), make('span', `svc ${r.colour}`, r.name), make(i ? 'span' : 'b', 'nowrap', r.value)),
    );
    this.#box.replaceChildren(make('div', 't-3 xs', head), ...lines);
    if (rows.length > atMost) this.#box.append(make('div', 't-3 xs', `${rows.length - atMost} more series`));
    this.#box.append(...below);
    if (!this.#box.isConnected) this.#over.append(this.#box);
    const room = this.#over.clientWidth - left - this.#box.offsetWidth - 14;
    this.#box.style.left = (room > 0 ? left + 12 : Math.max(0, left - this.#box.offsetWidth - 12)) + 'px';
    this.#box.style.top = Math.max(0, Math.min(top - 20, this.#over.clientHeight - this.#box.offsetHeight)) + 'px';
  }

  hide(): void {
    this.#box.remove();
  }
}

/** A moment (Unix s) as a tip's head; the day is said once the range is wider than one. */
export function moment(at: number, width = 0): string {
  const iso = new Date(at * 1000).toISOString();
  const day = width > 86_400 ? `${Number(iso.slice(8, 10))} ${new Date(at * 1000).toLocaleString('en', { month: 'short', timeZone: 'UTC' })} ` : '';
  return day + iso.slice(11, 19) + ' UTC';
}
