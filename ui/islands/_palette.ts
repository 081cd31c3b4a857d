import { address, all, carried, icon, make, one } from './_dom';

interface Item {
  icon: string;
  text: string;
  href: string;
  meta?: string;
}
interface Section {
  name: string;
  items: Item[];
}

let at = 0;

const quoted = (s: string): string => '"' + s.replace(/["\\]/g, '\\$&') + '"';

/** The screens, from the navigation itself. */
function screens(): Item[] {
  return all<HTMLAnchorElement>('.nav a.n').map((a) => ({
    icon: one<SVGUseElement>('use', a)?.getAttribute('href')?.replace('#i-', '') ?? 'right',
    text: one('span', a)?.textContent ?? '',
    href: a.getAttribute('href') ?? '/',
  }));
}

function services(): Item[] {
  return all('#scope-pop .opt[data-name]').map((el) => ({
    icon: 'services',
    text: 'Only ' + (el.dataset['name'] ?? ''),
    href: one<HTMLAnchorElement>('a', el)?.getAttribute('href') ?? '',
    meta: 'service',
  }));
}

/** What is made rather than looked at, and screens that no navigation entry names. */
const further: Item[] = [
  { icon: 'mute', text: 'Silences', href: '/alerts/silences', meta: 'alerts' },
  { icon: 'plus', text: 'New alert rule', href: '/alerts/new', meta: 'alerts' },
];

/** Dashboards, asked for when the palette is first opened. */
let dashboards: Item[] | null = null;

async function askDashboards(then: () => void): Promise<void> {
  if (dashboards) return;
  const answer = await fetch(carried('/dashboards/names')).catch(() => null);
  if (!answer?.ok) return; // the palette works without
  const all = (await answer.json()) as { title: string; href: string }[];
  dashboards = all.map((d) => ({ icon: 'dash', text: d.title, href: d.href, meta: 'dashboard' }));
  then();
}

/** A pasted trace, span or request id, or a time. */
function pasted(text: string): Item[] {
  const out: Item[] = [];
  if (/^[0-9a-f]{32}$/i.test(text)) {
    out.push({ icon: 'traces', text: 'Open trace ' + text.slice(0, 8), href: carried('/traces/' + text.toLowerCase()), meta: 'trace id' });
    out.push({ icon: 'logs', text: 'Logs of trace ' + text.slice(0, 8), href: carried('/logs', { q: 'trace_id:' + text.toLowerCase() }) });
  } else if (/^[0-9a-f]{16}$/i.test(text)) {
    out.push({ icon: 'logs', text: 'Logs of span ' + text.slice(0, 8), href: carried('/logs', { q: 'span_id:' + text.toLowerCase() }), meta: 'span id' });
  } else if (/^[\w-]{8,}$/.test(text) && /\d/.test(text)) {
    out.push({ icon: 'logs', text: 'Logs of request ' + text, href: carried('/logs', { q: 'reqId:' + quoted(text) }), meta: 'request id' });
  }
  const ms = moment(text);
  if (ms !== null) {
    const half = 15 * 60 * 1000;
    out.push({
      icon: 'clock',
      text: 'Move to ' + new Date(ms).toISOString().slice(0, 19).replace('T', ' ') + ' UTC',
      href: address({ from: String(ms - half), to: String(ms + half) }),
      meta: '± 15 min',
    });
  }
  return out;
}

function moment(text: string): number | null {
  if (/^\d{10}$/.test(text)) return Number(text) * 1000;
  if (/^\d{13}$/.test(text)) return Number(text);
  if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) {
    const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : text.replace(' ', 'T') + 'Z');
    return Number.isNaN(ms) ? null : ms;
  }
  return null;
}

function sections(text: string): Section[] {
  const has = (i: Item): boolean => i.text.toLowerCase().includes(text.toLowerCase());
  const out: Section[] = [{ name: 'Paste an id', items: text ? pasted(text) : [] }];
  out.push({ name: 'Go to', items: [...screens(), ...(text ? [...further, ...services(), ...(dashboards ?? [])] : [])].filter(has) });
  if (text) {
    const items: Item[] = [
      { icon: 'logs', text: `Search logs for “${text}”`, href: carried('/logs', { q: /^\S+$/.test(text) ? text : quoted(text) }) },
    ];
    if (/^[a-zA-Z_:][\w:]*$/.test(text)) items.push({ icon: 'metrics', text: `Query metric ${text}`, href: carried('/graph', { q: text }) });
    out.push({ name: 'Do', items });
  }
  return out.filter((s) => s.items.length > 0);
}

/** Text with the typed part marked; never parsed as HTML. */
function marked(text: string, typed: string): HTMLElement {
  const i = typed ? text.toLowerCase().indexOf(typed.toLowerCase()) : -1;
  if (i < 0) return make('span', '', text);
  return make('span', '', text.slice(0, i), make('mark', '', text.slice(i, i + typed.length)), text.slice(i + typed.length));
}

function fill(list: HTMLElement, typed: string): void {
  const rows: Node[] = [];
  let n = 0;
  for (const s of sections(typed)) {
    const head = make('div', 'sec', s.name);
    head.setAttribute('role', 'presentation');
    rows.push(head);
    for (const item of s.items) {
      const row = make('a', 'opt', icon(item.icon), marked(item.text, typed));
      if (item.meta) row.append(make('span', 'meta', item.meta));
      row.setAttribute('href', item.href);
      row.setAttribute('role', 'option');
      row.id = 'palette-' + n++;
      row.tabIndex = -1;
      rows.push(row);
    }
  }
  list.replaceChildren(...rows);
  at = 0;
  choose(list);
}

function choose(list: HTMLElement): void {
  const rows = all('.opt', list);
  rows.forEach((r, i) => {
    r.classList.toggle('on', i === at);
    r.setAttribute('aria-selected', String(i === at));
  });
  rows[at]?.scrollIntoView({ block: 'nearest' });
  one('#palette input')?.setAttribute('aria-activedescendant', rows[at]?.id ?? '');
}

export function openPalette(): void {
  const dialog = one<HTMLDialogElement>('#palette');
  const input = one<HTMLInputElement>('#palette input');
  const list = one('#palette-list');
  if (!dialog || !input || !list) return;
  if (dialog.open) return dialog.close();
  input.value = '';
  fill(list, '');
  dialog.showModal();
  input.focus();
  void askDashboards(() => input.value && fill(list, input.value.trim()));
}

export function start(): void {
  const dialog = one<HTMLDialogElement>('#palette');
  const input = one<HTMLInputElement>('#palette input');
  const list = one('#palette-list');
  if (!dialog || !input || !list) return;
  input.addEventListener('input', () => fill(list, input.value.trim()));
  dialog.addEventListener('keydown', (e) => {
    const rows = all<HTMLAnchorElement>('.opt', list);
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      at = (at + (e.key === 'ArrowDown' ? 1 : rows.length - 1)) % Math.max(rows.length, 1);
      choose(list);
      e.preventDefault();
    } else if (e.key === 'Enter') {
      const href = rows[at]?.getAttribute('href');
      e.preventDefault();
      if (!href) return;
      if (e.ctrlKey || e.metaKey) window.open(href, '_blank', 'noopener');
      else location.assign(href);
    }
  });
  for (const d of all<HTMLDialogElement>('dialog.palette')) {
    d.addEventListener('click', (e) => {
      if (e.target === d) d.close();
    });
  }
}
