// The rows of a waterfall as the server sent them. There may be a hundred
// thousand, so what can be read from the list is not made into objects.

export const flag = { error: 1, lost: 2, critical: 4, absent: 8, line: 16 };

/** depth, name, service, start, duration, flags, usual, critical start, critical duration, span id. */
type Raw = [number, number, number, number, number, number, number, number, number, string];

interface Sent {
  width: number; // ns
  rows: Raw[];
  names: string[];
  services: string[];
  slots: number[];
}

export class Spans {
  readonly width: number;
  readonly length: number;
  readonly names: string[];
  readonly services: string[];
  private rows: Raw[];
  private slots: number[];
  private ends: Int32Array; // behind the last row below each
  private parents: Int32Array; // -1 for a root
  readonly hasLines: boolean;

  constructor(sent: Sent) {
    this.width = sent.width;
    this.rows = sent.rows;
    this.names = sent.names;
    this.services = sent.services;
    this.slots = sent.slots;
    this.length = sent.rows.length;
    this.ends = new Int32Array(this.length);
    this.parents = new Int32Array(this.length).fill(-1);
    this.hasLines = sent.rows.some((r) => (r[5] & flag.line) !== 0);
    this.link();
  }

  private link(): void {
    const open: number[] = [];
    for (let i = 0; i <= this.length; i++) {
      const depth = i < this.length ? this.depth(i) : -1;
      while (open.length && this.depth(open.at(-1) as number) >= depth) this.ends[open.pop() as number] = i;
      if (i === this.length) break;
      this.parents[i] = open.at(-1) ?? -1;
      open.push(i);
    }
  }

  private at(i: number): Raw {
    return this.rows[i] as Raw;
  }
  depth = (i: number): number => this.at(i)[0];
  nameOf = (i: number): number => this.at(i)[1];
  name = (i: number): string => this.names[this.at(i)[1]] ?? '';
  serviceOf = (i: number): number => this.at(i)[2];
  service = (i: number): string => this.services[this.at(i)[2]] ?? '';
  slot = (i: number): number => this.slots[this.at(i)[2]] ?? 8;
  start = (i: number): number => this.at(i)[3];
  duration = (i: number): number => this.at(i)[4];
  is = (i: number, f: number): boolean => (this.at(i)[5] & f) !== 0;
  usual = (i: number): number => this.at(i)[6];
  level = (i: number): string => this.names[this.at(i)[6]] ?? '';
  critical = (i: number): [number, number] => [this.at(i)[7], this.at(i)[8]];
  id = (i: number): string => this.at(i)[9];
  end = (i: number): number => this.ends[i] ?? i + 1;
  parent = (i: number): number => this.parents[i] ?? -1;

  /** Whether a row is one that the drawer can show. */
  opens = (i: number): boolean => !this.is(i, flag.lost | flag.absent | flag.line);

  /** The row of a span; -1 when there is none. */
  indexOf(id: string): number {
    return id ? this.rows.findIndex((r) => r[9] === id && (r[5] & (flag.line | flag.absent)) === 0) : -1;
  }
}

export function read(): Spans | null {
  const text = document.getElementById('span-data')?.textContent;
  return text ? new Spans(JSON.parse(text) as Sent) : null;
}
