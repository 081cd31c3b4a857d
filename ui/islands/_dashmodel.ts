// The dashboard that is being edited, as its file has it, and where its panels
// lie.

export interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Query {
  letter?: string;
  language?: string;
  text: string;
  legend?: string;
  instant?: boolean;
  [other: string]: unknown;
}

export interface Threshold {
  at?: number;
  tone: string;
}

export interface Panel {
  id: number;
  title?: string;
  hint?: string;
  kind: string;
  place: Place;
  queries?: Query[];
  thresholds?: Threshold[];
  [other: string]: unknown;
}

export interface Variable {
  name: string;
  kind: string;
  query?: string;
  values?: { value: string; text?: string }[];
  [other: string]: unknown;
}

export interface Row {
  title?: string;
  panels: Panel[];
  [other: string]: unknown;
}

export interface Dashboard {
  version: number;
  title: string;
  description?: string;
  from?: string;
  refresh?: string;
  variables?: Variable[];
  rows: Row[];
  [other: string]: unknown;
}

export const columns = 20;

export function find(d: Dashboard, id: number): { row: Row; panel: Panel } | null {
  for (const row of d.rows) {
    const panel = row.panels.find((p) => p.id === id);
    if (panel) return { row, panel };
  }
  return null;
}

export const freeID = (d: Dashboard): number => 1 + Math.max(0, ...d.rows.flatMap((r) => r.panels.map((p) => p.id)));

const meets = (a: Place, b: Place): boolean => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** Panels fall up until they meet others; the one that moves keeps its place while it does. */
export function settle(row: Row, moving?: Panel): void {
  const done: Place[] = moving ? [moving.place] : [];
  const order = row.panels.filter((p) => p !== moving).sort((a, b) => a.place.y - b.place.y || a.place.x - b.place.x);
  for (const { place } of order) {
    while (done.some((d) => meets(place, d))) place.y++;
    while (place.y > 0 && !done.some((d) => meets({ ...place, y: place.y - 1 }, d))) place.y--;
    done.push(place);
  }
  row.panels.sort((a, b) => a.place.y - b.place.y || a.place.x - b.place.x);
}

/** Brings a place onto the grid. */
export function fit(p: Place): Place {
  const w = Math.min(Math.max(p.w, 2), columns);
  return { w, h: Math.min(Math.max(p.h, 2), 60), x: Math.min(Math.max(p.x, 0), columns - w), y: Math.max(p.y, 0) };
}

export const bottom = (row: Row): number => Math.max(0, ...row.panels.map((p) => p.place.y + p.place.h));

/** Leaves out what is empty, so that the file stays short. */
export function set(o: Record<string, unknown>, name: string, value: unknown): void {
  if (value === '' || value === undefined || value === false) delete o[name];
  else o[name] = value;
}
