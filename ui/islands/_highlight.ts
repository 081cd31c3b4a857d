// Colours in a query box: the same text lies under the box's own, which is
// clear, and scrolls with it. What is wrong with a query is underlined in place.
import { make, one } from './_dom';

type Box = HTMLInputElement;

const line: [RegExp, string][] = [
  [/^\s+/, ''],
  [/^(?:and|or|not)(?=[\s(]|$)/i, 'y-k'],
  [/^(?:"(?:[^"\\]|\\.)*"?|[\p{L}_@$][\p{L}\d_@$.\-/#[\]]*)(?=:)(?!:\/\/)/u, 'y-l'],
  [/^:(?:>=|<=|>|<|=|~)?/, 'y-o'],
  [/^"(?:[^"\\]|\\.)*"?/, 'y-s'],
  [/^\/(?:[^/\\]|\\.)+\/i?(?=[\s)]|$)/, 'y-s'],
  [/^[()\-!](?=\S)/, 'y-o'],
];
const value: [RegExp, string][] = [
  [/^-?\d[\w.%µ]*(?=[\s)]|$)/, 'y-n'],
  [/^(?:trace|debug|info|warn|error|fatal)(?=[\s)]|$)/, 'y-n'],
  [/^"(?:[^"\\]|\\.)*"?/, 'y-s'],
  [/^[^\s()]+/, 'y-s'],
];
const logql: [RegExp, string][] = [
  [/^\s+/, ''],
  [/^(?:"(?:[^"\\]|\\.)*"?|`[^`]*`?)/, 'y-s'],
  [/^\d[\w.]*/, 'y-n'],
  [/^(?:by|without|and|or|unless|on|ignoring|group_left|group_right|offset|bool)\b/, 'y-k'],
  [/^\w+(?=\s*(?:\(|(?:by|without)\s*\())/, 'y-fn'],
  [/^\w+(?=\s*(?:=|!=|>|<))/, 'y-l'],
  [/^\w+/, 'y-m'],
];

const traceql: [RegExp, string][] = [
  [/^\s+/, ''],
  [/^(?:"(?:[^"\\]|\\.)*"?|`[^`]*`?)/, 'y-s'],
  [/^\d[\w.]*/, 'y-n'],
  [/^(?:by|with|true|false|nil)\b/, 'y-k'],
  [/^\w+(?=\()/, 'y-fn'],
  [/^(?:[a-z]+:\w+|(?:\w+)?\.[^\s=!<>~(){}|&,+*^]+|[a-zA-Z]+(?=\s*(?:[=<>]|![=~])))/, 'y-l'],
  [/^(?:error|ok|unset|server|client|internal|producer|consumer|unspecified)\b/, 'y-n'],
  [/^(?:&&|\|\||[!&]?>>|[!&]?<<|[!&]?[><]|=~|!~|!=|<=|>=|=)/, 'y-o'],
];

/** Cuts a query into pieces with a class each; together they are the query. */
export function pieces(text: string, language = ''): [string, string][] {
  if (language === 'traceql' && !/^\s*[({]/.test(text)) return [[text, '']]; // attributes
  const rules = language === 'traceql' ? traceql : /^\s*(?:\{|\w+\s*(?:\(|(?:by|without)\s*\())/.test(text) ? logql : line;
  const out: [string, string][] = [];
  let rest = text;
  let after = false; // a field's colon
  while (rest) {
    const [match, kind] = find(rest, after ? value : rules);
    after = kind === 'y-o' && match.startsWith(':');
    out.push([match, kind]);
    rest = rest.slice(match.length);
  }
  return out;
}

function find(rest: string, rules: [RegExp, string][]): [string, string] {
  for (const [rule, kind] of rules) {
    const hit = rule.exec(rest)?.[0];
    if (hit) return [hit, kind];
  }
  const word = /^[^\s():"{}|=!<>~,[\]]+/.exec(rest)?.[0] ?? rest[0] ?? '';
  return [word || rest.slice(0, 1), ''];
}

/** Where the last answer said that the query is wrong. */
function wrong(box: Box): { from: number; to: number } | null {
  const code = one(`#${box.id}-error code`);
  const part = code && one('.qerr', code);
  if (!code || !part || (code.textContent ?? '').trimEnd() !== box.value.trimEnd()) return null;
  const from = part.previousSibling?.textContent?.length ?? 0;
  return { from, to: from + (part.textContent?.length ?? 0) };
}

function paint(box: Box): void {
  const query = box.closest('.query');
  if (!query) return;
  let under = one('.hl', query);
  if (!under) {
    under = make('div', 'hl', make('div', ''));
    under.setAttribute('aria-hidden', 'true');
    box.before(under);
    query.classList.add('coloured');
  }
  const bad = wrong(box);
  const nodes: Node[] = [];
  let at = 0;
  for (const [text, kind] of pieces(box.value, box.dataset['language'])) {
    const is = bad && at < bad.to && at + text.length > bad.from;
    nodes.push(kind || is ? make('span', kind + (is ? ' qerr' : ''), text) : document.createTextNode(text));
    at += text.length;
  }
  under.firstElementChild?.replaceChildren(...nodes);
  scroll(box);
}

function scroll(box: Box): void {
  const under = box.closest('.query')?.querySelector<HTMLElement>('.hl');
  const inner = under && one('div', under);
  if (!under || !inner) return;
  under.style.left = box.offsetLeft + 'px';
  under.style.width = box.offsetWidth + 'px';
  inner.style.transform = `translateX(${-box.scrollLeft}px)`;
}

const boxes = (): Box[] => [...document.querySelectorAll<Box>('input[data-complete]')];

/** Colours the query boxes of this page, now and whenever they change. */
export function start(): void {
  const again = (): void => boxes().forEach(paint);
  document.addEventListener('input', (e) => {
    if (e.target instanceof HTMLInputElement && 'complete' in e.target.dataset) paint(e.target);
  });
  document.addEventListener('scroll', (e) => {
    if (e.target instanceof HTMLInputElement && 'complete' in e.target.dataset) scroll(e.target);
  }, true);
  for (const event of ['htmx:afterSettle', 'tripod:refreshed', 'htmx:historyRestore']) document.addEventListener(event, again);
  addEventListener('resize', () => boxes().forEach(scroll));
  again();
}
