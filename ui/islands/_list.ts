// A list of which only the rows near the screen are in the page. Rows are the
// server's HTML; they have one height, but for those that are wrapped or open,
// which are measured once they are there.
import { Heights } from './_heights';

export interface Row {
  id: string;
  html: string;
}

/** Rows beyond the screen that are in the page, so that scrolling seldom makes some. */
const margin = 36;
/** How near to the end of these it gets before others are made. */
const near = 10;

export class List {
  rows: Row[] = [];
  readonly win: HTMLElement;
  private heights: Heights;
  private els: HTMLElement[] = []; // of the rows from first on
  private first = 0;
  private extra = new Map<string, HTMLElement>(); // what stands under a row, by its id
  private sizes = new ResizeObserver((changed) => this.resized(changed));
  private asked = 0;
  private shown = ''; // what was last told the browser of height and place

  constructor(
    readonly root: HTMLElement,
    private sticky: () => number, // px of the window that stand over the list
    private seen: () => void, // after each frame in which the list moved
    private measured: () => boolean, // whether rows have heights of their own
    private special: (id: string) => boolean, // whether a row has what its HTML does not say
    private decorate: (row: HTMLElement) => void, // which is this
  ) {
    this.heights = new Heights(this.unit());
    this.win = document.createElement('div');
    this.win.className = 'win';
    root.replaceChildren(this.win);
    root.classList.add('virtual');
  }

  get length(): number {
    return this.rows.length;
  }

  /** Where the list begins in the document. */
  get top(): number {
    return this.root.getBoundingClientRect().top + scrollY;
  }

  /** The first row on the screen, and how much of it is above. */
  at(): { row: number; by: number } {
    const y = scrollY + this.sticky() - this.top;
    const row = this.heights.at(y);
    return { row, by: y - this.heights.offset(row) };
  }

  /** The last row of which something is on the screen. */
  end(): number {
    return this.heights.at(scrollY + innerHeight - this.top);
  }

  index(id: string): number {
    return this.rows.findIndex((r) => r.id === id);
  }

  el(i: number): HTMLElement | null {
    return this.els[i - this.first] ?? null;
  }

  append(rows: Row[]): void {
    this.rows.push(...rows);
    this.heights.append(rows.length);
    this.render();
  }

  /** Adds rows above all; hold keeps what is on the screen where it is. */
  prepend(rows: Row[], hold: boolean): void {
    const held = this.at();
    this.rows.unshift(...rows);
    this.heights.prepend(rows.length);
    this.first += rows.length;
    if (hold) this.hold(held.row + rows.length, held.by);
    else this.render();
  }

  /** Takes rows away at the top, for those are far off the screen. */
  shift(n: number): void {
    const held = this.at();
    this.clear();
    this.rows.splice(0, n);
    this.heights.prepend(-n);
    this.hold(Math.max(0, held.row - n), held.by);
  }

  /** Takes all rows behind the first n away. */
  truncate(n: number): void {
    if (n < this.first + this.els.length) this.clear();
    this.rows.length = Math.min(this.rows.length, n);
    this.heights.truncate(n);
    this.render();
  }

  /** Shows rows as high as they now are, the first one on the screen where it is. */
  reflow(): void {
    const held = this.at();
    this.heights = new Heights(this.unit());
    this.heights.append(this.rows.length);
    this.clear();
    this.hold(held.row, Math.min(held.by, 0));
  }

  /** Puts something under a row, or takes it away. */
  under(id: string, el: HTMLElement | null): void {
    const old = this.extra.get(id);
    if (old) {
      this.sizes.unobserve(old);
      old.remove();
    }
    this.extra.delete(id);
    const i = this.index(id);
    if (el) {
      this.extra.set(id, el);
      this.sizes.observe(el);
      this.el(i)?.after(el);
    }
    if (i >= 0) this.measure([i]);
    this.render();
  }

  detail(id: string): HTMLElement | null {
    return this.extra.get(id) ?? null;
  }

  /** Scrolls so that a row stands by px under the top. */
  show(row: number, by = 0): void {
    this.hold(row, -by);
  }

  /** Scrolls as little as brings a row, with what is under it, onto the screen. */
  reveal(row: number): void {
    const over = this.sticky();
    const y = this.top + this.heights.offset(row);
    const height = this.heights.height(row);
    const foot = bottomBar();
    if (y < scrollY + over) scrollTo({ top: y - over });
    else if (y + height > scrollY + innerHeight - foot) scrollTo({ top: Math.min(y - over, y + height - innerHeight + foot) });
    this.render();
  }

  /** Makes the rows near the screen, if some of them are not there. */
  render(): void {
    if (!this.rows.length) {
      this.place();
      return this.clear();
    }
    const top = this.top;
    const a = this.heights.at(scrollY + this.sticky() - top);
    const b = this.heights.at(scrollY + innerHeight - top);
    const last = this.first + this.els.length - 1;
    const has = this.els.length > 0 && this.first <= Math.max(0, a - near) && last >= Math.min(this.rows.length - 1, b + near);
    if (!has) this.window(Math.max(0, a - margin), Math.min(this.rows.length, b + 1 + margin));
    this.place();
  }

  /** Renders before the next paint; several times are one. */
  soon(): void {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.render();
      this.seen();
    });
  }

  private unit(): number {
    return this.measured() && innerWidth <= 640 ? 44 : 22;
  }

  /** Gives the list its height and the rows their place, if these have changed. */
  private place(): void {
    const height = this.heights.total + 'px';
    const top = this.heights.offset(this.first) + 'px';
    if (this.shown === height + top) return;
    this.shown = height + top;
    this.root.style.height = height;
    this.win.style.top = top;
  }

  /** Scrolls to where a row is, by px of it above the screen, and makes it. */
  private hold(row: number, by: number): void {
    this.place();
    scrollTo({ top: Math.max(0, this.top + this.heights.offset(row) + by - this.sticky()) });
    this.render();
  }

  private clear(): void {
    for (const el of this.els) this.drop(el);
    this.els = [];
  }

  private drop(el: HTMLElement): void {
    this.extra.get(el.id)?.remove();
    el.remove();
  }

  /** Makes the page hold rows from a to b. Those that stay are not touched. */
  private window(a: number, b: number): void {
    const last = this.first + this.els.length;
    const active = document.activeElement;
    const focus = active instanceof HTMLElement && this.win.contains(active) ? active.closest<HTMLElement>('.lr') : null;
    if (selecting(this.win) && Math.max(b, last) - Math.min(a, this.first) < 1500) {
      a = Math.min(a, this.first); // a selection must not lose its ends
      b = Math.max(b, last);
    }
    if (a >= last || b <= this.first) {
      this.clear();
      this.first = a;
    }
    while (this.els.length && this.first < a) {
      this.drop(this.els.shift() as HTMLElement);
      this.first++;
    }
    while (this.els.length && this.first + this.els.length > b) this.drop(this.els.pop() as HTMLElement);
    const above = this.make(a, Math.min(b, this.els.length ? this.first : b));
    if (this.els.length) {
      const from = this.first + this.els.length;
      this.els = [...above, ...this.els, ...this.make(from, b, true)];
    } else {
      this.els = above;
    }
    this.first = a;
    if (focus && !focus.isConnected) document.getElementById(focus.id)?.focus({ preventScroll: true });
    if (this.measured()) this.measureAll();
    else if (this.extra.size) this.measure([...this.extra.keys()].map((id) => this.index(id)));
  }

  private make(a: number, b: number, behind = false): HTMLElement[] {
    if (a >= b) return [];
    const box = document.createElement('template');
    box.innerHTML = this.rows
      .slice(a, b)
      .map((r) => r.html)
      .join(''); // the server's own rows, under the page's policy
    const els = [...box.content.children] as HTMLElement[];
    for (const el of els) {
      if (this.special(el.id)) this.decorate(el);
      const extra = this.extra.get(el.id);
      if (extra) el.after(extra);
    }
    if (behind) this.win.append(box.content);
    else this.win.prepend(box.content);
    return els;
  }

  private measureAll(): void {
    this.measure(this.els.map((_, i) => this.first + i));
  }

  /** Takes the heights of rows that are in the page. What is above the screen may grow without moving it. */
  private measure(rows: number[]): void {
    const held = this.at();
    let moved = false;
    for (const i of rows) {
      const el = this.el(i);
      if (!el) continue;
      const own = this.measured() ? el.getBoundingClientRect().height : 22;
      const height = own + (this.extra.get(el.id)?.offsetHeight ?? 0);
      if (this.heights.set(i, height) && i < held.row) moved = true;
    }
    this.place();
    if (!moved) return;
    const y = this.top + this.heights.offset(held.row) + held.by - this.sticky();
    if (Math.abs(y - scrollY) >= 1) scrollTo({ top: y });
  }

  private resized(changed: ResizeObserverEntry[]): void {
    const rows = changed.map((c) => this.index((c.target as HTMLElement).dataset['of'] ?? '')).filter((i) => i >= 0);
    this.measure(rows);
    this.soon();
  }
}

/** The bar of screens at the bottom of narrow windows covers rows. */
function bottomBar(): number {
  const nav = document.querySelector<HTMLElement>('.nav');
  return nav && getComputedStyle(nav).position === 'fixed' && innerWidth <= 640 ? nav.offsetHeight : 0;
}

function selecting(root: HTMLElement): boolean {
  const s = getSelection();
  return !!s && !s.isCollapsed && root.contains(s.anchorNode);
}
