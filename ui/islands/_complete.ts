// Completion of a query box: a listbox under the caret, filled by the server.
import { all, make, one } from './_dom';
import * as recent from './_recent';

type Box = HTMLInputElement;

let shown: Box | null = null; // whose options are open
let before = ''; // what stands ahead of the word that they complete
let at = 0; // in options(); -1 for none
let moved = false; // the reader chose an option, so Enter takes it
let timer = 0;
let asked: AbortController | null = null;

const list = (): HTMLElement | null => one('#ac');
const options = (): HTMLElement[] => all('#ac .opt:not([hidden])');
const typed = (box: Box): string => box.value.slice(0, box.selectionStart ?? box.value.length);

export function close(): boolean {
  const was = !!shown;
  const pop = list();
  if (pop) {
    pop.hidden = true;
    pop.replaceChildren();
    pop.removeAttribute('data-busy');
  }
  shown?.setAttribute('aria-expanded', 'false');
  shown?.removeAttribute('aria-activedescendant');
  shown = null;
  asked?.abort();
  clearTimeout(timer);
  return was;
}

function choose(i: number): void {
  const rows = options();
  at = Math.min(i, rows.length - 1);
  all('#ac .opt').forEach((row) => {
    const n = rows.indexOf(row);
    row.classList.toggle('on', n === at);
    row.setAttribute('aria-selected', String(n === at));
  });
  rows[at]?.scrollIntoView({ block: 'nearest' });
  shown?.setAttribute('aria-activedescendant', rows[at]?.id ?? '');
}

/** What Tab takes unless the reader moves: never a whole query in place of a word. */
const preselect = (): void => choose(options().findIndex((row) => !('whole' in row.dataset)));

const keys: [string, string][] = [['Tab', 'accept'], ['Ctrl Space', 'all fields'], ['Esc', 'close']];

function show(box: Box, content: Element): void {
  const pop = list();
  if (!pop || document.activeElement !== box) return;
  if (!content.querySelector('.opt')) return void close();
  const foot = make('div', 'foot', ...keys.map(([k, does]) => make('span', 'row', make('kbd', '', k), ' ' + does)));
  pop.replaceChildren(content, foot);
  pop.hidden = false;
  pop.setAttribute('data-busy', '');
  shown = box;
  moved = false;
  const cut = Number((content as HTMLElement).dataset['cut'] ?? 0);
  before = typed(box).slice(0, typed(box).length - cut);
  box.setAttribute('aria-expanded', 'true');
  place(box, pop, cut);
  preselect();
}

/**
 * Keeps of the options those that still fit while the server is asked for the
 * next, so that Tab never puts in what was offered for another word.
 */
function narrow(box: Box): void {
  const pop = list();
  if (shown !== box || !pop) return;
  const word = typed(box).startsWith(before) ? typed(box).slice(before.length).toLowerCase() : null;
  for (const row of all('#ac .opt')) {
    const name = ('whole' in row.dataset ? one('.nm', row)?.textContent : row.dataset['text']) ?? '';
    row.hidden = word === null || !name.toLowerCase().includes(word);
  }
  pop.hidden = !options().length;
  moved = false;
  preselect();
}

/** Puts the list under the word that it stands for. */
function place(box: Box, pop: HTMLElement, cut: number): void {
  const parent = pop.offsetParent;
  const query = box.closest('.query');
  if (!parent || !query) return;
  const style = getComputedStyle(box);
  const pen = document.createElement('canvas').getContext('2d');
  if (!pen) return;
  pen.font = `${style.fontSize} ${style.fontFamily}`; // the shorthand is empty where figures are tabular
  const caret = (box.selectionStart ?? box.value.length) - cut;
  const wide = pen.measureText(box.value.slice(0, caret)).width - box.scrollLeft;
  const base = parent.getBoundingClientRect();
  const around = query.getBoundingClientRect();
  const left = box.getBoundingClientRect().left + parseFloat(style.paddingLeft) + wide - 60; // names stand under what is typed
  const most = around.right - pop.offsetWidth;
  pop.style.left = Math.max(around.left, Math.min(left, most)) - base.left + 'px';
  pop.style.top = around.bottom - base.top + 3 + 'px';
}

async function ask(box: Box, everything: boolean): Promise<void> {
  asked?.abort();
  const mine = new AbortController();
  asked = mine;
  const prefix = typed(box);
  const to = new URL(box.dataset['complete'] ?? '', location.href);
  to.searchParams.set('q', prefix);
  if (everything) to.searchParams.set('all', '1');
  const text = await fetch(to, { signal: mine.signal })
    .then((answer) => (answer.ok ? answer.text() : ''))
    .catch(() => ''); // given up for the next question, or no answer
  if (asked !== mine || typed(box) !== prefix) return;
  if (!text) return void close();
  const holder = document.createElement('template');
  holder.innerHTML = text; // our own page, under its policy
  const content = holder.content.firstElementChild;
  if (content) show(box, content);
}

/** Only where a word ends can it be completed. */
function atEnd(box: Box): boolean {
  const rest = box.value.slice(box.selectionStart ?? 0);
  return box.selectionStart === box.selectionEnd && (rest === '' || /^[\s)},|]/.test(rest));
}

function soon(box: Box): void {
  clearTimeout(timer);
  narrow(box);
  if (box.value === '') return showRecent(box);
  if (!atEnd(box)) return void close();
  timer = window.setTimeout(() => void ask(box, false), 80);
}

/** Whose queries a box remembers: logs unless it says. */
const kindOf = (box: Box): string => box.dataset['recent'] ?? 'logs';

function showRecent(box: Box): void {
  const items = recent.list(kindOf(box));
  if (!items.length) return void close();
  const rows = items.slice(0, 8).map((text, i) => {
    const row = make('div', 'opt', make('span', 'ty', 'recent'), make('span', 'nm mono clip', text));
    row.setAttribute('role', 'option');
    row.id = 'ac-' + i;
    row.dataset['text'] = text;
    return row;
  });
  show(box, make('div', 'acl', ...rows));
}

function accept(box: Box, row: HTMLElement): void {
  if (!typed(box).startsWith(before)) return void close(); // the caret went elsewhere
  if ('whole' in row.dataset) box.value = row.dataset['text'] ?? '';
  else box.setRangeText(row.dataset['text'] ?? '', before.length, typed(box).length, 'end');
  const more = 'more' in row.dataset;
  close();
  box.dispatchEvent(new Event('input', { bubbles: true }));
  clearTimeout(timer);
  if (more) void ask(box, false);
}

function key(e: KeyboardEvent): void {
  const box = e.target;
  if (!(box instanceof HTMLInputElement) || !('complete' in box.dataset) || e.isComposing) return;
  if (e.key === ' ' && e.ctrlKey) {
    e.preventDefault();
    return void ask(box, true);
  }
  if (shown !== box) return;
  const row = options()[at];
  if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
    const n = options().length;
    choose((e.key === 'ArrowDown' ? at + 1 : Math.max(at, 0) + n - 1) % n);
    moved = true;
  } else if (e.key === 'Tab' && !e.shiftKey && row) {
    accept(box, row);
  } else if (e.key === 'Enter' && moved && row) {
    accept(box, row);
  } else if (e.key === 'Escape') {
    close();
    e.stopPropagation();
  } else {
    if (['Enter', 'ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(e.key)) close();
    return;
  }
  e.preventDefault();
}

const boxOf = (target: EventTarget | null): Box | null =>
  target instanceof HTMLInputElement && 'complete' in target.dataset ? target : null;

/** Completes every box that names where to ask. */
export function start(): void {
  document.addEventListener('keydown', key, true);
  document.addEventListener('input', (e) => {
    const box = boxOf(e.target);
    if (box) soon(box);
  });
  document.addEventListener('focusin', (e) => {
    const box = boxOf(e.target);
    if (box && box.value === '') showRecent(box);
  });
  document.addEventListener('focusout', (e) => {
    if (boxOf(e.target)) close();
  });
  document.addEventListener('pointerdown', (e) => {
    const row = e.target instanceof Element ? e.target.closest<HTMLElement>('#ac .opt') : null;
    if (!row || !shown) return;
    e.preventDefault();
    accept(shown, row);
  });
  document.addEventListener('submit', (e) => {
    const box = e.target instanceof HTMLFormElement ? one<Box>('[data-complete]', e.target) : null;
    if (!box) return;
    close();
    recent.add(kindOf(box), box.value);
  });
}
