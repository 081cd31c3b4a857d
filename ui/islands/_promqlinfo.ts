// What is told of a metric beside its name while a query is written: type,
// help, how many series, and its shape in the page's time range.
import type { Completion } from '@codemirror/autocomplete';
import { make, timeRange } from './_dom';

type Families = Record<string, { type: string; help: string }[]>;

const part = /_(bucket|count|sum)$/;

/** The family of a series' name: that of a histogram's parts is the histogram. */
export function familyOf(name: string, known: Families): { name: string; type: string; help: string } | null {
  for (const n of [name.replace(part, ''), name, name.replace(/_total$/, '')]) {
    const md = known[n]?.[0];
    if (md && (n === name || !part.test(name) || /histogram|summary/.test(md.type))) return { name: n, type: md.type, help: md.help };
  }
  return null;
}

const points = 60;
const rest = 150; // ms that a name is looked at before anything is asked of it

type Said = { data: { result: { value?: [number, string]; values?: [number, string][] }[] } };

async function numbers(path: string, query: Record<string, string>, signal: AbortSignal): Promise<number[]> {
  const said = await fetch(`/api/v1/${path}?${new URLSearchParams(query)}`, { signal })
    .then((answer) => (answer.ok ? (answer.json() as Promise<Said>) : null))
    .catch(() => null); // given up for the next name, or no answer
  const first = said?.data.result[0];
  return (first?.values ?? (first?.value ? [first.value] : [])).map(([, v]) => Number(v));
}

/** A small line from the least value, or 0, up. */
function spark(values: number[]): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'spark c10');
  svg.setAttribute('viewBox', '0 0 100 28');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  const least = Math.min(0, ...values);
  const span = Math.max(...values) * 1.05 - least || 1;
  const line = document.createElementNS(svg.namespaceURI, 'path');
  line.setAttribute('class', 'ln');
  line.setAttribute('d', values.map((v, i) => `${i ? 'L' : 'M'}${((i * 100) / (values.length - 1)).toFixed(1)} ${(28 - ((v - least) * 28) / span).toFixed(1)}`).join(''));
  svg.append(line);
  return svg;
}

/** A metric, and where it is told of. */
interface Told {
  name: string;
  rising: boolean; // counts up, so that its rate is what tells
  el: HTMLElement;
  facts: HTMLElement;
}

/** What is told now: the editor asks again and again for the same while it is shown. */
let now: { key: string; el: HTMLElement; leave: () => void } | null = null;

/** Tells of a metric; what takes a question is asked when the reader stays, and given up for the next. */
function about(name: string, known: Families): HTMLElement {
  const family = familyOf(name, known);
  const range = timeRange();
  const key = [name, family?.type, range?.from, range?.to].join();
  if (now?.key === key) return now.el;
  now?.leave();
  const rising = /counter|histogram|summary/.test(family?.type ?? '') || /_(total|bucket|count|sum)$/.test(name);
  const facts = make('div', 't-2', [family?.type, rising ? 'ask for its rate, over [$__rate]' : ''].filter(Boolean).join('; '));
  const el = make('div', 'cm-about', make('b', '', family?.help || name), facts);
  const asked = new AbortController();
  const timer = window.setTimeout(() => range && measure({ name, rising, el, facts }, range, asked.signal), rest);
  now = { key, el, leave: () => (clearTimeout(timer), asked.abort()) };
  return el;
}

/** Adds how many series there are, and their shape in the page's time range. */
function measure({ name, rising, el, facts }: Told, range: { from: number; to: number }, signal: AbortSignal): void {
  const [from, to] = [range.from / 1000, range.to / 1000];
  const step = Math.max(1, (to - from) / points);
  void numbers('query', { query: `count(${name})`, time: String(to) }, signal).then(([n]) => {
    if (n !== undefined) facts.textContent = [`${n.toLocaleString('en')} series`, facts.textContent].filter(Boolean).join('; ');
  });
  const query = rising ? `sum(rate(${name}[${Math.max(60, Math.ceil(4 * step))}s]))` : `avg(${name})`;
  void numbers('query_range', { query, start: String(from), end: String(to), step: String(step) }, signal).then((values) => {
    const drawn = values.filter(Number.isFinite);
    if (drawn.length > 1) el.append(spark(drawn));
  });
}

const metric = /^[A-Za-z_:][\w:]*$/;

/** Completions of metrics, which look like those of labels, with their family's type and what is told of them. */
export function enriched(options: readonly Completion[], known: Families, metrics: Set<string>): Completion[] {
  return options.map((c) => {
    if (c.type !== 'constant' || !metrics.has(c.label) || !metric.test(c.label)) return c;
    const family = familyOf(c.label, known);
    return { ...c, detail: family?.type ?? c.detail ?? '', info: () => about(c.label, known) };
  });
}
