// The forms of a panel and of the dashboard: between the page's fields and the
// file's.
import { all, make, one } from './_dom';
import { set, type Dashboard, type Panel, type Query, type Variable } from './_dashmodel';

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const field = (form: Element, name: string): Field | null => one<Field>(`[name="${name}"]`, form);
const value = (form: Element, name: string): string => field(form, name)?.value.trim() ?? '';
const put = (form: Element, name: string, text: unknown): void => {
  const f = field(form, name);
  if (f) f.value = text === undefined || text === null ? '' : String(text);
};
const box = (form: Element, name: string): HTMLInputElement | null => one<HTMLInputElement>(`[name="${name}"]`, form);

const languages = { promql: 'PromQL', logql: 'LogQL', traceql: 'TraceQL', math: 'Math' };

/** One query's fields. */
function queryFields(q: Query, no: number): HTMLElement {
  const lang = make('select', 'input') as HTMLSelectElement;
  lang.name = 'language';
  lang.setAttribute('aria-label', 'Language');
  for (const [v, text] of Object.entries(languages)) lang.append(new Option(text, v, false, v === (q.language || 'promql')));
  const text = make('textarea', 'input mono') as HTMLTextAreaElement;
  text.name = 'query';
  text.rows = 2;
  text.spellcheck = false;
  text.value = q.text;
  text.placeholder = q.language === 'math' ? '$A / $B * 100' : '';
  lang.addEventListener('change', () => (text.placeholder = lang.value === 'math' ? '$A / $B * 100' : ''));
  text.setAttribute('aria-label', 'Query ' + (q.letter ?? ''));
  const legend = make('input', 'input') as HTMLInputElement;
  legend.name = 'legend';
  legend.placeholder = 'Legend: {{label}}';
  legend.value = q.legend ?? '';
  legend.setAttribute('aria-label', 'Legend');
  const remove = make('button', 'btn sm ghost', 'Remove');
  remove.setAttribute('type', 'button');
  const el = make('div', 'dq', make('div', 'row', make('b', 'mono', q.letter ?? String.fromCharCode(65 + no)), lang, legend, remove), text);
  el.dataset['query'] = JSON.stringify(q);
  remove.addEventListener('click', () => el.remove());
  return el;
}

export function addQuery(form: Element, q: Query = { text: '' }): void {
  const list = one('.dqueries', form);
  const used = all('.dq b', form).map((b) => b.textContent);
  let no = 0;
  while (used.includes(String.fromCharCode(65 + no)) && no < 25) no++;
  list?.append(queryFields({ ...q, letter: q.letter ?? String.fromCharCode(65 + no) }, no));
}

export function fillPanel(form: Element, p: Panel): void {
  for (const name of ['title', 'kind', 'hint', 'link', 'text', 'unit', 'decimals', 'draw', 'reduce']) put(form, name, p[name]);
  if (p['draw'] === 'lines') put(form, 'draw', '');
  if (p['reduce'] === 'lastnotnull') put(form, 'reduce', '');
  for (const tone of ['warn', 'err']) put(form, tone, p.thresholds?.find((t) => t.tone === tone && t.at !== undefined)?.at);
  for (const name of ['stack', 'spark', 'usual']) {
    const b = box(form, name);
    if (b) b.checked = !!p[name];
  }
  one('.dqueries', form)?.replaceChildren();
  for (const q of p.queries ?? []) addQuery(form, q);
  if (!p.queries?.length && p.kind !== 'text') addQuery(form);
}

/** Reads the form into a panel; gives what is wrong, or nothing. */
export function readPanel(form: Element, p: Panel): string {
  const numbers: Record<string, number | undefined> = {};
  for (const name of ['decimals', 'warn', 'err']) {
    const text = value(form, name);
    if (text === '') continue;
    numbers[name] = Number(text);
    if (Number.isNaN(numbers[name])) return `${name}: “${text}” is no number`;
  }
  p.kind = value(form, 'kind') || p.kind;
  for (const name of ['title', 'hint', 'link', 'text', 'unit', 'draw', 'reduce']) set(p, name, value(form, name));
  for (const name of ['stack', 'spark', 'usual']) set(p, name, box(form, name)?.checked ?? false);
  set(p, 'decimals', numbers['decimals']);
  const kept = (p.thresholds ?? []).filter((t) => t.at === undefined || (t.tone !== 'warn' && t.tone !== 'err'));
  const own = ['warn', 'err'].filter((t) => numbers[t] !== undefined).map((tone) => ({ at: numbers[tone] as number, tone }));
  const thresholds = [...kept, ...own].sort((a, b) => (a.at ?? -Infinity) - (b.at ?? -Infinity));
  set(p, 'thresholds', thresholds.length ? thresholds : undefined);
  const queries = all('.dq', form).map((el): Query => {
    const q = JSON.parse(el.dataset['query'] ?? '{}') as Query;
    q.text = value(el, 'query');
    q.language = value(el, 'language');
    set(q, 'legend', value(el, 'legend'));
    return q;
  });
  set(p, 'queries', queries.some((q) => q.text) ? queries.filter((q) => q.text) : undefined);
  return '';
}

/** A variable as a line: name = label_values(metric, label), or name = a, b, c. */
function line(v: Variable): string {
  return `${v.name} = ${v.kind === 'query' ? (v.query ?? '') : (v.values ?? []).map((o) => o.value).join(', ')}`;
}

function variable(text: string, before: Variable[]): Variable | string {
  const [, name, what] = /^\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(text) ?? [];
  if (!name || !what) return `“${text}” is no variable: want name = values`;
  const same = before.find((v) => v.name === name);
  if (same && line(same) === `${name} = ${what}`) return same;
  if (/^\w+\(/.test(what)) return { ...(same ?? { multi: true, all: true, default: ['$__all'] }), name, kind: 'query', query: what };
  return { name, kind: 'custom', values: what.split(',').map((s) => ({ value: s.trim() })).filter((o) => o.value) };
}

export function fillHead(form: Element, d: Dashboard): void {
  for (const name of ['title', 'description', 'from', 'refresh']) put(form, name, d[name]);
  put(form, 'variables', (d.variables ?? []).map(line).join('\n'));
}

export function readHead(form: Element, d: Dashboard): string {
  const title = value(form, 'title');
  if (!title) return 'A dashboard has a title.';
  const variables: Variable[] = [];
  for (const text of value(form, 'variables').split('\n')) {
    if (!text.trim()) continue;
    const v = variable(text, d.variables ?? []);
    if (typeof v === 'string') return v;
    variables.push(v);
  }
  d.title = title;
  for (const name of ['description', 'from', 'refresh']) set(d, name, value(form, name));
  set(d, 'variables', variables.length ? variables : undefined);
  return '';
}
