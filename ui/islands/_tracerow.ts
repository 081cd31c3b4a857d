// One row of the waterfall, in the markup that the server has for it.
import { flag, type Spans } from './_tracedata';
import { duration } from './_tracefmt';

export interface Look {
  from: number; // ns after the start of the trace, what is drawn of it
  to: number;
  folded(i: number): boolean;
  kids(i: number): boolean; // whether rows below it can be seen
  hit(i: number): boolean | null; // whether it was searched for; null when nothing is
  selected: number;
  here: number; // has the focus, or had it
  href(id: string): string;
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const text = (s: string): string => s.replace(/[&<>"']/g, (c) => escapes[c] ?? c);
const pct = (share: number): string => (Math.min(Math.max(share, 0), 1) * 100).toFixed(2) + '%';
const levelWord = (s: Spans, i: number): string => (s.level(i) === 'unset' ? '–' : s.level(i));
const icon = (name: string): string => `<svg class="i s" aria-hidden="true"><use href="#i-${name}"></use></svg>`;
/** Deeper rows are not moved further to the right, so that names can be read. */
const maxIndent = 10;

function classes(s: Spans, i: number, look: Look): string {
  const out = ['wr', 'c' + s.slot(i)];
  const has = (on: boolean, name: string): void => void (on && out.push(name));
  has(s.is(i, flag.error), 'e');
  has(s.is(i, flag.critical), 'c');
  has(s.is(i, flag.lost), 'm');
  has(s.is(i, flag.absent), 'ab');
  has(s.is(i, flag.line), 'll');
  has(i === look.selected, 'sel');
  has(look.hit(i) === false, 'dimmed');
  has(look.hit(i) === true, 'hit');
  has(look.hit(i) === true && i === look.here, 'at');
  return out.join(' ');
}

function label(s: Spans, i: number, look: Look): string {
  const name = text(s.name(i));
  if (s.is(i, flag.line)) return `<span class="clip"><span class="op mono" title="${name}">${name}</span></span>`;
  const up = s.parent(i);
  const own = up < 0 || s.is(up, flag.lost) || s.serviceOf(up) !== s.serviceOf(i);
  const note = own && s.opens(i) ? ` <span class="t-3">${text(s.service(i))}</span>` : '';
  if (!s.opens(i)) return `<span class="clip"><span class="op">${name}</span></span>`;
  const title = text(`${s.service(i)}: ${s.name(i)}, ${duration(s.duration(i))}`);
  return `<span class="clip"><a class="op" href="${text(look.href(s.id(i)))}" data-open tabindex="-1" title="${title}">${name}</a>${note}</span>`;
}

function fold(s: Spans, i: number, look: Look): string {
  if (!look.kids(i)) return '<span class="tw"></span>';
  const word = look.folded(i) ? 'Expand ' : 'Collapse ';
  return `<button type="button" class="tw" data-act="fold" tabindex="-1" aria-label="${word + text(s.name(i))}">${icon('down')}</button>`;
}

/** Where a span lies in what is drawn; null when it lies outside. */
function place(from: number, length: number, look: Look): { left: number; width: number } | null {
  const width = look.to - look.from;
  const a = width > 0 ? (from - look.from) / width : 0;
  const b = width > 0 ? (from + length - look.from) / width : 1;
  if (b < 0 || a > 1) return null;
  return { left: Math.max(a, 0), width: Math.min(b, 1) - Math.max(a, 0) };
}

const style = (p: { left: number; width: number }): string => `left:${pct(p.left)};width:${pct(p.width)}`;

/** Behind the bar, or inside its end where there is no room behind. */
function after(p: { left: number; width: number }): string {
  const end = p.left + p.width;
  return end > 0.86 ? `right:calc(${pct(1 - end)} + 3px)` : `left:calc(${pct(Math.max(end, p.left + 0.003))} + 6px)`;
}

function bar(s: Spans, i: number, look: Look): string {
  const p = place(s.start(i), s.duration(i), look);
  if (s.is(i, flag.lost)) return p ? `<span class="missing" style="left:${pct(p.left)}">not received</span>` : '';
  if (s.is(i, flag.absent)) return p ? `<span class="missing" style="left:${pct(p.left)}">usually here, ${duration(s.duration(i))}; did not run</span>` : '';
  const at = (s.start(i) < 0 ? '' : '+') + duration(s.start(i));
  if (!p) return `<span class="off" style="${s.start(i) > look.to ? 'right' : 'left'}:2px">${s.is(i, flag.line) ? at : duration(s.duration(i))}</span>`;
  if (s.is(i, flag.line)) {
    return `<i class="lm ${text(levelWord(s, i))}" style="left:${pct(p.left)}"></i><span class="du" style="${after({ left: p.left, width: 0 })}">${at}</span>`;
  }
  const [critFrom, critLength] = s.critical(i);
  const crit = s.is(i, flag.critical) ? place(critFrom, critLength, look) : null;
  const usual = s.usual(i) >= 0 ? ` <i>usually ${duration(s.usual(i))}</i>` : '';
  return (
    `<span class="barw" style="${style(p)}"></span>` +
    (crit ? `<span class="crit" style="${style(crit)}"></span>` : '') +
    `<span class="du" style="${after(p)}" data-in="${p.left + p.width > 0.86}">${duration(s.duration(i))}${usual}</span>`
  );
}

export function rowHTML(s: Spans, i: number, look: Look): string {
  const depth = s.depth(i);
  const kids = look.kids(i);
  const indent = Math.min(depth, maxIndent);
  const guides = Array.from({ length: indent }, (_, d) => `<i class="gl" style="left:${16 + 16 * d}px"></i>`).join('');
  const id = s.opens(i) ? ` id="s${s.id(i)}"` : '';
  const open = kids ? ` aria-expanded="${!look.folded(i)}"` : '';
  const level = levelWord(s, i);
  const dot = s.is(i, flag.line) ? `<span class="lvl ${text(level)}">${text(level.toUpperCase())}</span>` : `<span class="svc c${s.slot(i)}"></span>`;
  const error = s.is(i, flag.error) ? `<span class="er" role="img" aria-label="error" title="error">${icon('warn')}</span>` : '';
  return (
    `<div class="${classes(s, i, look)}"${id} data-i="${i}" role="treeitem" aria-level="${depth + 1}"${open} aria-selected="${i === look.selected}" data-row tabindex="${i === look.here ? 0 : -1}">` +
    `<div class="wn" style="padding-left:${10 + 16 * indent}px;--in:${indent}">${guides}${fold(s, i, look)}${dot}${label(s, i, look)}${error}</div>` +
    `<div class="wb">${bar(s, i, look)}</div></div>`
  );
}
