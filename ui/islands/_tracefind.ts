// Finding spans by their name, service or id, by what they hold, and going from
// one to the next. What they hold is not in the page, so the server is asked.
import { address, one } from './_dom';
import type { Spans } from './_tracedata';
import type { Waterfall } from './_tracelist';

let hits: number[] = [];
let at = -1;

function matches(s: Spans, want: string): number[] {
  const has = (list: string[]): boolean[] => list.map((t) => t.toLowerCase().includes(want));
  const [names, services] = [has(s.names), has(s.services)];
  const out: number[] = [];
  const id = /^[0-9a-f]{4,16}$/.test(want);
  for (let i = 0; i < s.length; i++) {
    if (names[s.nameOf(i)] || services[s.serviceOf(i)] || (id && s.id(i).startsWith(want))) out.push(i);
  }
  return out;
}

function say(want: string): void {
  const found = one('#span-found');
  if (!found) return;
  const n = hits.length.toLocaleString('en-US');
  found.textContent = !want ? '' : !hits.length ? 'none' : at < 0 ? n : `${(at + 1).toLocaleString('en-US')} of ${n}`;
  for (const el of document.querySelectorAll<HTMLButtonElement>('[data-act="find-next"], [data-act="find-previous"]')) el.disabled = hits.length === 0;
}

let asking: AbortController | null = null;
let timer = 0;

/** The rows of spans that hold a text; none when the server does not say. */
async function held(list: Waterfall, want: string): Promise<number[]> {
  const mine = (asking = new AbortController());
  const href = address({ text: want, sel: null, zoom: null }, location.pathname.replace(/\/$/, '') + '/find');
  const answer = await fetch(href, { signal: mine.signal }).catch(() => null);
  if (!answer?.ok) return [];
  const ids = new Set((await answer.json()) as string[]);
  const out: number[] = [];
  for (let i = 0; ids.size && i < list.spans.length; i++) if (ids.has(list.spans.id(i)) && list.spans.opens(i)) out.push(i);
  return out;
}

/** Marks what is found and shows the first of it, from the row of the reader on. */
export function find(list: Waterfall, text: string): void {
  const want = text.trim().toLowerCase();
  asking?.abort();
  clearTimeout(timer);
  show(list, want, want ? matches(list.spans, want) : []);
  if (want.length < 2) return;
  timer = window.setTimeout(() => {
    void held(list, want).then((more) => {
      if (asking?.signal.aborted || !more.length) return;
      const all = [...new Set([...hits, ...more])].sort((a, b) => a - b);
      if (all.length > hits.length) show(list, want, all);
    });
  }, 150);
}

function show(list: Waterfall, want: string, found: number[]): void {
  hits = found;
  at = -1;
  list.mark(want ? new Set(hits) : null);
  if (hits.length) {
    at = Math.max(0, hits.findIndex((i) => i >= list.here));
    list.go(hits[at] ?? 0, false);
  }
  say(want);
}

export function step(list: Waterfall, by: number): void {
  if (!hits.length) return;
  at = (at + by + hits.length) % hits.length;
  list.go(hits[at] ?? 0, false);
  say('found');
}
