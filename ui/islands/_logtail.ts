// The live tail: batches of new lines at the top. What would move the lines
// under the eyes, scrolling away or opening one, holds it up; a pill counts
// what waits.
import { make, icon, one } from './_dom';
import { lines, root, rowsOf } from './_loglines';
import { close } from './_logopen';
import { adopt } from './_logrows';
import type { Row } from './_list';

interface Batch {
  rows?: string;
  shown?: number;
  came?: number;
  rate?: number;
  lost?: number;
  gap?: boolean;
  error?: string;
}

/** Lines that a live list keeps, and lines that wait at most: of more, the newest page is read anew. */
const most = 2000;
const waitMost = 1000;

let running: AbortController | null = null;
let of: HTMLElement | null = null; // the list that is fed
let waits: Row[] = []; // newest first
let count = 0; // lines that wait
let rate = 0;
let every = 0; // one of so many is shown
let lost = 0;
let gap = false; // more came before the tail began than it was sent
let said = ''; // of the connection
let calm = 0; // timer after which nothing is sampled any more

const number = (n: number): string => n.toLocaleString('en-US');

/** Whether the top of the list is where new lines can be seen coming. */
function held(): boolean {
  const l = lines.list;
  if (!l || lines.opened) return true;
  return l.length > 0 && (l.at().row > 0 || l.at().by > 4);
}

/** What the bar says, by what it is about; an element stays while its part does, so that it can be clicked. */
interface Part {
  make: () => HTMLElement;
  text: string; // of its first .say, or of all of it
}

function parts(): Record<string, Part | null> {
  const say = (className = 't-3') => (): HTMLElement => make('span', className);
  const now = of !== null;
  const waiting = now && held() && count > 0;
  return {
    pill: waiting ? { make: pill, text: `${number(count)} new ${count === 1 ? 'line' : 'lines'}, resume ` } : null,
    held: now && held() && !waiting ? { make: say(), text: `Live, held up by ${lines.opened ? 'the open line' : 'scrolling'}: G resumes` } : null,
    live: now && !held() ? { make: dotted, text: 'Live: new lines come at the top' } : null,
    rate: rate > 0 && every > 1 ? { make: sampled, text: `${number(rate)} lines/s, showing 1 in ${number(every)}. ` } : null,
    lost: lost > 0 ? { make: say('t-warn'), text: `${number(lost)} ${lost === 1 ? 'line was' : 'lines were'} dropped here, but kept: end the live tail to see all.` } : null,
    gap: gap ? { make: say('t-warn'), text: 'Some lines came before this tail began: end it to see all.' } : null,
    said: said ? { make: say('t-warn'), text: said } : null,
  };
}

function pill(): HTMLElement {
  const el = make('button', 'pill', icon('down'), make('span', 'say'), make('kbd', '', 'G'));
  el.setAttribute('type', 'button');
  el.dataset['act'] = 'newest';
  return el;
}

const dotted = (): HTMLElement => make('span', 't-3', make('i', 'livedot'), make('span', 'say'));

function sampled(): HTMLElement {
  const narrow = make('a', '', 'Narrow the filter');
  narrow.setAttribute('href', '#q');
  narrow.dataset['act'] = 'narrow';
  return make('span', 't-3', make('span', 'say'), narrow, ' to see all.');
}

function bar(): void {
  const el = one('#tail-bar');
  if (!el) return;
  for (const [name, part] of Object.entries(parts())) {
    let at = one(`:scope > [data-part="${name}"]`, el);
    if (!part) {
      at?.remove();
      continue;
    }
    if (!at) {
      at = part.make();
      at.dataset['part'] = name;
      el.append(at);
    }
    const count = one('.say', at);
    count?.setAttribute('aria-live', 'off'); // numbers that run are not read out
    const text = count ?? at;
    if (text.textContent !== part.text) text.textContent = part.text;
  }
}

function put(rows: Row[]): void {
  const l = lines.list;
  if (!l || !rows.length) return;
  l.prepend(rows, false);
  if (l.length > most) {
    l.truncate(most);
    document.dispatchEvent(new CustomEvent('tripod:cut'));
  }
}

function take(b: Batch): void {
  if (b.error) {
    said = b.error;
    return bar();
  }
  said = '';
  if (b.gap) gap = true;
  if (b.lost) lost += b.lost;
  if (b.rate && b.came && b.shown) {
    rate = b.rate;
    every = Math.max(2, Math.round(b.came / b.shown));
    clearTimeout(calm);
    calm = window.setTimeout(() => {
      rate = every = 0;
      bar();
    }, 3000);
  }
  if (b.rows) {
    const box = document.createElement('template');
    box.innerHTML = b.rows; // our own rows, under the page's policy
    const { rows } = rowsOf(box.content);
    if (held()) {
      waits.unshift(...rows);
      waits.length = Math.min(waits.length, waitMost + 1);
      count += b.came ?? rows.length;
    } else put(rows);
  }
  bar();
}

/** Shows what waits, at the top. */
async function resume(): Promise<void> {
  close();
  const l = lines.list;
  const over = waits.length > waitMost;
  const rows = waits;
  waits = [];
  count = 0;
  if (over) return anew();
  if (l) l.show(0);
  put(rows);
  if (l) l.show(0);
  bar();
}

/** More came than waits: the newest page says what there is. */
async function anew(): Promise<void> {
  const answer = await fetch(location.href).catch(() => null);
  const doc = answer?.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null;
  const next = doc?.getElementById('log-rows');
  if (!next) {
    said = 'The appliance does not answer.';
    return bar();
  }
  scrollTo({ top: 0 });
  adopt(next);
}

async function follow(el: HTMLElement, url: string, mine: AbortController): Promise<void> {
  for (let wait = 500; !mine.signal.aborted; ) {
    try {
      const since = waits[0]?.id ?? lines.list?.rows[0]?.id ?? '';
      const answer = await fetch(url + (url.includes('?') ? '&' : '?') + 'since=' + encodeURIComponent(since), { signal: mine.signal });
      if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
      wait = 500;
      said = '';
      bar();
      await read(answer.body, el);
    } catch {
      if (mine.signal.aborted) return;
    }
    if (mine.signal.aborted || of !== el) return;
    said = `Not connected. Trying again in ${Math.max(1, Math.round(wait / 1000))} s.`;
    bar();
    await new Promise((done) => setTimeout(done, wait));
    wait = Math.min(wait * 2, 15_000);
  }
}

/** Takes batches, one object a line, until the stream ends. */
async function read(body: ReadableStream<Uint8Array>, el: HTMLElement): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const whole = (rest + value).split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) if (line && of === el) take(JSON.parse(line) as Batch);
  }
}

/** Follows for as long as the list is live and there. */
function start(): void {
  const el = root();
  if (el === of) return;
  running?.abort();
  running = null;
  of = null;
  waits = [];
  count = rate = every = lost = 0;
  gap = false;
  said = '';
  const url = el?.dataset['tail'];
  if (!el || !url) return bar();
  of = el;
  running = new AbortController();
  bar();
  void follow(el, url, running);
}

/** Coming back to the top resumes, as opening a line and leaving it does. */
function unheld(): void {
  if (!of) return;
  if (!held() && waits.length) void resume();
  else bar();
}

document.addEventListener('tripod:rows', start);
document.addEventListener('htmx:afterSettle', start);
document.addEventListener('tripod:opened', bar);
document.addEventListener('tripod:closed', unheld);
document.addEventListener('tripod:scrolled', unheld);
addEventListener('pagehide', () => running?.abort());
document.addEventListener('click', (e) => {
  const act = (e.target as Element | null)?.closest<HTMLElement>('[data-act]')?.dataset['act'];
  if (act === 'newest' && of) void resume();
  if (act === 'narrow') {
    e.preventDefault();
    one('#q')?.focus();
  }
});
start();
