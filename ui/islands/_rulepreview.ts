// What the server makes of a rule that is being written: faults beside their
// fields, the chart, and the back-test, which takes longer and comes after.
import { Idiomorph } from 'idiomorph';
import { all, one } from './_dom';

const wait = 300; // ms without typing before it is asked

let timer = 0;
let running: AbortController | null = null;

const form = (): HTMLFormElement | null => one<HTMLFormElement>('#rule-form');

/** Asks for a part and puts it in its place, unless something newer is asked. */
async function show(part: string, id: string, mine: AbortController): Promise<void> {
  const f = form();
  if (!f) return;
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(f)) if (typeof value === 'string') body.append(name, value);
  const late = window.setTimeout(() => one('#' + id)?.classList.add('late'), 500);
  try {
    const answer = await fetch(`${f.dataset['preview']}?part=${part}`, { method: 'POST', body, signal: mine.signal });
    if (!answer.ok) return;
    const doc = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const next = doc.getElementById(id);
    const now = document.getElementById(id);
    if (running !== mine || !next || !now) return;
    Idiomorph.morph(now, next, { morphStyle: 'outerHTML', ignoreActiveValue: true });
    if (part === 'look') mark(next.dataset['errors'] ?? '{}');
    document.dispatchEvent(new CustomEvent('tripod:previewed'));
  } catch (err) {
    if (!mine.signal.aborted) throw err;
  } finally {
    clearTimeout(late);
    one('#' + id)?.classList.remove('late');
  }
}

/** Says beside each field what is wrong with it. */
function mark(json: string): void {
  const errors = JSON.parse(json) as Record<string, string>;
  for (const el of all('.ferr[data-field]')) {
    const field = el.dataset['field'] ?? '';
    const inner = Object.entries(errors).find(([k]) => field && k.startsWith(field + '.'));
    const text = errors[field] ?? (inner ? `${inner[0].slice(field.length + 1)}: ${inner[1]}` : '');
    if (el.textContent !== text) el.textContent = text;
    const input = one(`#rule-form [name="${field}"]`);
    if (text) input?.setAttribute('aria-invalid', 'true');
    else input?.removeAttribute('aria-invalid');
  }
}

function ask(after: number): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    void show('look', 'rule-look', mine).then(() => (running === mine ? show('test', 'rule-test', mine) : undefined));
  }, after);
}

export function start(): void {
  document.addEventListener('input', (e) => {
    const el = e.target as HTMLInputElement;
    if (el.form && el.form === form() && el.name !== 'note') ask(el.type === 'radio' ? 0 : wait);
  });
}
