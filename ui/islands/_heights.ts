// How high rows are and where each begins. Most have one height; only the
// others are known by number, as sums in a Fenwick tree, so that ten thousand
// rows cost no more than ten.

export class Heights {
  private sums = new Float64Array(1024); // of differences from unit; index 0 is unused
  private own = new Map<number, number>(); // differences from unit, none of them 0
  private n = 0;

  constructor(readonly unit: number) {}

  get length(): number {
    return this.n;
  }

  get total(): number {
    return this.offset(this.n);
  }

  height(i: number): number {
    return this.unit + (this.own.get(i) ?? 0);
  }

  /** Sets the height of a row; says whether it had another. */
  set(i: number, height: number): boolean {
    const by = height - this.height(i);
    if (by === 0) return false;
    if (height === this.unit) this.own.delete(i);
    else this.own.set(i, height - this.unit);
    this.add(i, by);
    return true;
  }

  /** Where row i begins; that of length is the end. */
  offset(i: number): number {
    let sum = i * this.unit;
    for (let k = i; k > 0; k -= k & -k) sum += this.sums[k] ?? 0;
    return sum;
  }

  /** The row at a place: the first above all, the last below all. */
  at(y: number): number {
    let i = 0;
    let left = y;
    for (let step = this.sums.length >> 1; step > 0; step >>= 1) {
      if (i + step > this.n) continue;
      const sum = step * this.unit + (this.sums[i + step] ?? 0);
      if (sum > left) continue;
      i += step;
      left -= sum;
    }
    return Math.max(0, Math.min(i, this.n - 1));
  }

  /** Adds rows behind the last. */
  append(rows: number): void {
    this.n += rows;
    if (this.n < this.sums.length) {
      for (let i = this.n - rows + 1; i <= this.n; i++) this.sums[i] = this.span(i);
      return;
    }
    this.sums = new Float64Array(2 ** Math.ceil(Math.log2(this.n + 2)));
    this.rebuild();
  }

  /** Adds rows before the first; a negative number takes some away. */
  prepend(rows: number): void {
    const old = this.own;
    this.own = new Map();
    for (const [i, by] of old) if (i + rows >= 0) this.own.set(i + rows, by);
    this.n = Math.max(0, this.n + rows);
    if (this.n >= this.sums.length) this.sums = new Float64Array(2 ** Math.ceil(Math.log2(this.n + 2)));
    this.rebuild();
  }

  /** Takes away all rows behind the first so many. */
  truncate(rows: number): void {
    for (const i of [...this.own.keys()]) if (i >= rows) this.own.delete(i);
    this.n = Math.min(this.n, rows);
    this.rebuild();
  }

  private add(i: number, by: number): void {
    for (let k = i + 1; k <= this.n; k += k & -k) this.sums[k] = (this.sums[k] ?? 0) + by;
  }

  /** What sums[i] covers, when all before it are right. */
  private span(i: number): number {
    let sum = this.own.get(i - 1) ?? 0;
    for (let k = i - 1; k > i - (i & -i); k -= k & -k) sum += this.sums[k] ?? 0;
    return sum;
  }

  private rebuild(): void {
    this.sums.fill(0);
    for (const [i, by] of this.own) this.add(i, by);
  }
}
