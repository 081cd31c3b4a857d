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

async function numbers(path: string, query: Record<string, string>): Promise<number[]> {
  const answer = await fetch(`/api/v1/${path}?${new URLSearchParams(query)}`).catch(() => null);
  if (!answer?.ok) return [];
  const said = (await answer.json()) as { data: { result: { value?: [number, string]; values?: [number, string][] }[] } };
  const first = said.data.result[0];
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

/** Tells of a metric; what takes a question comes when it is answered. */
function about(name: string, known: Families): HTMLElement {
  const family = familyOf(name, known);
  const rising = /counter|histogram|summary/.test(family?.type ?? '') || /_(total|bucket|count|sum)$/.test(name);
  const facts = make('div', 't-2', [family?.type, rising ? 'ask for its rate, over [$__rate]' : ''].filter(Boolean).join('; '));
  const el = make('div', 'cm-about', make('b', '', family?.help || name), facts);
  const range = timeRange();
  if (!range) return el;
  const [from, to] = [range.from / 1000, range.to / 1000];
  const step = Math.max(1, (to - from) / points);
  void numbers('query', { query: `count(${name})`, time: String(to) }).then(([n]) => {
    if (n !== undefined) facts.textContent = [`${n.toLocaleString('en')} series`, facts.textContent].filter(Boolean).join('; ');
  });
  const query = rising ? `sum(rate(${name}[${Math.max(60, Math.ceil(4 * step))}s]))` : `avg(${name})`;
  void numbers('query_range', { query, start: String(from), end: String(to), step: String(step) }).then((values) => {
    const drawn = values.filter(Number.isFinite);
    if (drawn.length > 1) el.append(spark(drawn));
  });
  return el;
}

const metric = /^[A-Za-z_:][\w:]*$/;

/** Completions of metrics with their family's type, and with what is told of them. */
export function enriched(options: readonly Completion[], known: Families): Completion[] {
  return options.map((c) => {
    if (c.type !== 'constant' || !metric.test(c.label)) return c;
    const family = familyOf(c.label, known);
    return { ...c, detail: family?.type ?? c.detail ?? '', info: () => about(c.label, known) };
  });
}
