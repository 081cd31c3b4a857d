// The waterfall: of all rows only those near the screen are in the page. They
// have one height, so where a row is follows from its number.
import { address, one } from './_dom';
import { flag, type Spans } from './_tracedata';
import { rowHTML, type Look } from './_tracerow';

/** Rows beyond the screen that are in the page, and how near to their end it gets before others are made. */
const margin = 30;
const near = 8;

export class Waterfall implements Look {
  from = 0;
  to: number;
  selected = -1;
  here = -1;
  private hits: Set<number> | null = null;
  private shut = new Set<number>();
  private shown: Int32Array = new Int32Array(0); // rows that are not folded away
  private win = document.createElement('div');
  private first = 0;
  private last = 0; // what is in the page: from first to before last
  private frame = 0;

  constructor(
    readonly spans: Spans,
    private box: HTMLElement,
    private lines: boolean,
  ) {
    this.to = spans.width;
    this.win.className = 'win';
    box.replaceChildren(this.win);
    box.classList.add('virtual');
    this.selected = spans.indexOf(new URLSearchParams(location.search).get('sel') ?? '');
    this.here = Math.max(0, this.selected);
    this.reshow();
  }

  // ── what a row asks ──

  folded = (i: number): boolean => this.shut.has(i);
  kids = (i: number): boolean => {
    const end = this.spans.end(i);
    if (this.lines || !this.spans.hasLines) return end > i + 1;
    for (let k = i + 1; k < end; k++) if (!this.spans.is(k, flag.line)) return true;
    return false;
  };
  hit = (i: number): boolean | null => (this.hits ? this.hits.has(i) : null);
  href = (id: string): string => address({ sel: id }) + '#s' + id;

  // ── rows ──

  get count(): number {
    return this.shown.length;
  }

  /** Where a row stands among those that are shown, or where its folded ancestor does. */
  position(i: number): number {
    let a = 0;
    let b = this.shown.length;
    while (a < b) {
      const mid = (a + b) >> 1;
      if ((this.shown[mid] ?? 0) <= i) a = mid + 1;
      else b = mid;
    }
    return Math.max(0, a - 1);
  }

  row(position: number): number {
    return this.shown[Math.max(0, Math.min(position, this.shown.length - 1))] ?? -1;
  }

  private reshow(): void {
    const out = new Int32Array(this.spans.length);
    let n = 0;
    for (let i = 0; i < this.spans.length; ) {
      if (this.lines || !this.spans.is(i, flag.line)) out[n++] = i;
      i = this.shut.has(i) ? this.spans.end(i) : i + 1;
    }
    this.shown = out.slice(0, n);
    this.redraw();
  }

  fold(i: number, shut: boolean): void {
    if (i < 0 || !this.kids(i) || this.shut.has(i) === shut) return;
    if (shut) this.shut.add(i);
    else this.shut.delete(i);
    this.reshow();
  }

  /** Folds everything below the roots, or nothing. */
  foldAll(shut: boolean): void {
    this.shut.clear();
    for (let i = 0; shut && i < this.spans.length; i++) if (this.spans.depth(i) > 0 && this.kids(i)) this.shut.add(i);
    this.reshow();
  }

  /** The spans that are folded, to fold them again in a newer list. */
  get foldedIds(): string[] {
    return [...this.shut].map((i) => this.spans.id(i));
  }

  set foldedIds(ids: string[]) {
    const want = new Set(ids);
    for (let i = 0; want.size && i < this.spans.length; i++) if (want.has(this.spans.id(i)) && this.kids(i)) this.shut.add(i);
    this.reshow();
  }

  showLines(on: boolean): void {
    this.lines = on;
    this.reshow();
  }

  mark(hits: Set<number> | null): void {
    this.hits = hits;
    this.redraw();
  }

  zoom(from: number, to: number): void {
    this.from = from;
    this.to = to;
    this.redraw();
  }

  select(i: number): void {
    this.selected = i;
    if (i >= 0) this.here = i;
    this.redraw();
  }

  // ── place ──

  get unit(): number {
    return innerWidth <= 640 ? 36 : 27;
  }

  private get top(): number {
    return this.box.getBoundingClientRect().top + scrollY;
  }

  /** px at the top and bottom of the window that stand over the rows. */
  private over(): [number, number] {
    const high = (s: string): number => one(s)?.offsetHeight ?? 0;
    const narrow = innerWidth <= 640;
    const drawer = one('#drawer > *') && innerWidth <= 1100 ? high('#drawer') : 0;
    const axis = one('.wax');
    const above = axis ? Number.parseFloat(getComputedStyle(axis).top) + axis.offsetHeight : 0;
    return [above, Math.max(high('.wfoot'), drawer) + (narrow ? high('.nav') : 0)];
  }

  /** Scrolls as little as brings a row onto the screen; mid puts it into the middle. */
  reveal(position: number, mid = false): void {
    const [above, below] = this.over();
    const y = this.top + position * this.unit;
    if (y >= scrollY + above && y + this.unit <= scrollY + innerHeight - below) return this.render();
    const space = innerHeight - above - below - this.unit;
    if (mid) scrollTo({ top: y - above - space / 2 });
    else scrollTo({ top: y < scrollY + above ? y - above : y - above - space });
    this.render();
  }

  /** Shows a row, unfolding what is above it, and gives it the focus. */
  go(i: number, focus = true): void {
    let hidden = false;
    for (let up = this.spans.parent(i); up >= 0; up = this.spans.parent(up)) hidden = this.shut.delete(up) || hidden;
    this.here = i;
    if (hidden) this.reshow();
    this.reveal(this.position(i), !focus);
    this.redraw();
    if (focus) this.el(i)?.focus({ preventScroll: true });
  }

  el(i: number): HTMLElement | null {
    return one(`.wr[data-i="${i}"]`, this.win);
  }

  // ── drawing ──

  redraw(): void {
    this.first = this.last = 0;
    this.render();
  }

  /** Makes the rows near the screen, if some of them are not there. */
  render(): void {
    const unit = this.unit;
    const n = this.shown.length;
    const y = scrollY - this.top;
    const a = Math.max(0, Math.min(n - 1, Math.floor(y / unit)));
    const b = Math.max(0, Math.min(n, Math.ceil((y + innerHeight) / unit)));
    const there = this.last > this.first && this.first <= Math.max(0, a - near) && this.last >= Math.min(n, b + near);
    if (there) return;
    const focused = document.activeElement instanceof HTMLElement && this.win.contains(document.activeElement);
    this.put(Math.max(0, a - margin), Math.min(n, b + margin));
    this.box.style.height = n * unit + 'px';
    this.win.style.top = this.first * unit + 'px';
    if (focused && !this.win.contains(document.activeElement)) (this.el(this.here) ?? this.box).focus({ preventScroll: true });
  }

  /** Has the rows from first to before last in the page; those that are there stay as they are. */
  private put(first: number, last: number): void {
    const from = Math.max(first, this.first);
    const to = Math.min(last, this.last);
    if (from < to) {
      for (let k = this.first; k < from; k++) this.win.firstElementChild?.remove();
      for (let k = to; k < this.last; k++) this.win.lastElementChild?.remove();
      this.win.insertAdjacentHTML('afterbegin', this.html(first, from));
      this.win.insertAdjacentHTML('beforeend', this.html(to, last));
    } else {
      this.win.innerHTML = this.html(first, last);
    }
    this.first = first;
    this.last = last;
  }

  /** Rows in which every name is escaped. */
  private html(first: number, last: number): string {
    let html = '';
    for (let k = first; k < last; k++) html += rowHTML(this.spans, this.shown[k] ?? 0, this);
    return html;
  }

  /** Renders before the next paint; several times are one. */
  soon(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.render();
    });
  }
}
