// One trace: the waterfall, the part of it that is drawn, finding and opening
// spans.
import { address, make, one, toast } from './_dom';
import { htmx } from './_swap';
import { read } from './_tracedata';
import { find, step } from './_tracefind';
import { ticks } from './_tracefmt';
import { Waterfall } from './_tracelist';
import * as mini from './_tracemini';

let list: Waterfall | null = null;

const rowAt = (el: EventTarget | null): number => {
  const row = el instanceof Element ? el.closest<HTMLElement>('.wr[data-i]') : null;
  return row ? Number(row.dataset['i']) : -1;
};

async function select(i: number): Promise<void> {
  const href = address({ sel: i >= 0 && list ? list.spans.id(i) : null });
  const answer = await fetch(href, { headers: { 'HX-Request': 'true', 'HX-Target': 'drawer' } }).catch(() => null);
  if (!answer?.ok) return toast('The span could not be read.', 'warn');
  const box = document.createElement('template');
  box.innerHTML = await answer.text(); // our own page, under its policy
  const next = box.content.querySelector('#drawer');
  if (!next) return;
  one('#drawer')?.replaceWith(next);
  htmx()?.process(next);
  history.replaceState(history.state, '', href);
  list?.select(i);
  if (list && i >= 0) list.reveal(list.position(i));
}

async function close(): Promise<void> {
  const was = list?.selected ?? -1;
  await select(-1);
  if (was >= 0) list?.el(was)?.focus({ preventScroll: true });
}

/** Axis and grid of the part of the time that is drawn. */
function axis(from: number, to: number): void {
  const at = ticks(from, to);
  const put = (el: HTMLElement, share: number): HTMLElement => {
    el.style.left = (share * 100).toFixed(2) + '%';
    return el;
  };
  one('#trace-axis')?.replaceChildren(...at.map((t) => put(make('span', t.at > 0.9 ? 'end' : '', t.text), t.at)));
  one('#trace-grid')?.replaceChildren(...at.filter((t) => t.at > 0).map((t) => put(make('i', ''), t.at)));
}

function zoom(from: number, to: number): void {
  if (!list) return;
  axis(from, to);
  list.zoom(from, to);
  const part = from > 0 || to < list.spans.width;
  history.replaceState(history.state, '', address({ zoom: part ? `${from}-${to}` : null }));
}

/** Turns what the waterfall shows on or off; the address keeps it. */
function flip(el: HTMLElement): void {
  const on = el.getAttribute('aria-current') !== 'true';
  el.setAttribute('aria-current', String(on));
  if (el.id === 'crit-switch') {
    one('#waterfall')?.classList.toggle('nocrit', !on);
    history.replaceState(history.state, '', address({ crit: on ? null : 'off' }));
  } else {
    list?.showLines(on);
    history.replaceState(history.state, '', address({ lines: on ? 'on' : null }));
  }
}

function clicked(e: MouseEvent): void {
  const target = e.target;
  if (!(target instanceof Element) || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
  if (target.closest('#export-pop a')) one('#export-pop')?.hidePopover();
  const el = target.closest<HTMLElement>('[data-act], .sw');
  const i = rowAt(target);
  switch (el?.dataset['act'] ?? el?.id) {
    case 'fold':
      list?.fold(i, !list.folded(i));
      return;
    case 'fold-all':
    case 'unfold-all':
      return list?.foldAll(el?.dataset['act'] === 'fold-all');
    case 'find-next':
    case 'find-previous':
      if (list) step(list, el?.dataset['act'] === 'find-next' ? 1 : -1);
      return;
    case 'whole-trace':
      return mini.whole();
    case 'close-span':
      if (!list) return;
      e.preventDefault();
      return void close();
    case 'crit-switch':
    case 'lines-switch':
      if (!el || !list) return;
      e.preventDefault();
      return flip(el);
  }
  if (!list || i < 0) return;
  e.preventDefault();
  list.here = i;
  if (list.spans.opens(i)) void select(i);
  else if (list.spans.parent(i) >= 0 && list.spans.id(i)) void select(list.spans.indexOf(list.spans.id(i)));
}

function move(by: number): void {
  if (!list) return;
  const active = rowAt(document.activeElement);
  list.go(list.row(list.position(active < 0 ? list.here : active) + (active < 0 ? 0 : by)));
}

/** The keys of a tree. */
function key(e: KeyboardEvent): void {
  const i = rowAt(e.target);
  if (!list || i < 0 || e.ctrlKey || e.metaKey || e.altKey) return;
  const open = list.kids(i) && !list.folded(i);
  switch (e.key) {
    case 'ArrowDown':
      move(1);
      break;
    case 'ArrowUp':
      move(-1);
      break;
    case 'ArrowLeft':
      if (open) list.fold(i, true);
      else if (list.spans.parent(i) >= 0) list.go(list.spans.parent(i));
      break;
    case 'ArrowRight':
      if (list.folded(i)) list.fold(i, false);
      else if (open) move(1);
      break;
    case 'Home':
      list.go(list.row(0));
      break;
    case 'End':
      list.go(list.row(list.count - 1));
      break;
    case 'PageDown':
      move(20);
      break;
    case 'PageUp':
      move(-20);
      break;
    default:
      return;
  }
  e.preventDefault();
}

function start(): void {
  const box = one('#span-rows');
  const spans = box && read();
  const again = list !== null;
  const folded = list?.foldedIds ?? [];
  list = null;
  if (!box || !spans?.length) return;
  const at = new URLSearchParams(location.search);
  list = new Waterfall(spans, box, at.get('lines') === 'on');
  if (folded.length) list.foldedIds = folded;
  const [a, b] = (at.get('zoom') ?? '').split('-').map(Number);
  mini.start(spans.width, a ?? 0, b ?? 0, zoom);
  if (list.selected >= 0 && !again) {
    history.scrollRestoration = 'manual'; // the span that the address names is where the reader is
    list.reveal(list.position(list.selected), true);
  }
  const field = one<HTMLInputElement>('#span-find');
  if (field && !again) field.value = at.get('find') ?? field.value;
  if (field?.value) find(list, field.value);
}

document.addEventListener('click', clicked);
document.addEventListener('keydown', key);
document.addEventListener('keydown', (e) => {
  if (e.key !== 'Enter' || !list || !(e.target instanceof HTMLInputElement) || e.target.id !== 'span-find') return;
  e.preventDefault();
  step(list, e.shiftKey ? -1 : 1);
});
document.addEventListener('input', (e) => {
  if (list && e.target instanceof HTMLInputElement && e.target.id === 'span-find') find(list, e.target.value);
});
document.addEventListener('tripod:step', (e) => {
  if (!list) return;
  e.preventDefault();
  move((e as CustomEvent<number>).detail);
});
document.addEventListener('tripod:refreshed', start);
addEventListener('scroll', () => list?.soon(), { passive: true });
addEventListener('resize', () => list?.redraw());
start();
