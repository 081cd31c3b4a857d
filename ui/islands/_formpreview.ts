// What the server makes of a form that is being filled in: faults beside their
// fields, and parts that say what it would do, one after the other.
import { Idiomorph } from 'idiomorph';
import { all, one } from './_dom';

const wait = 300; // ms without typing before it is asked

let timer = 0;
let running: AbortController | null = null;

/** A part of the page that follows the form: its name for the server, and its id. */
export type Part = [name: string, id: string];

/** Asks for a part and puts it in its place, unless something newer is asked. */
async function show(f: HTMLFormElement, [part, id]: Part, mine: AbortController): Promise<void> {
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
    if (next.dataset['errors']) mark(f, next.dataset['errors']);
  } catch (err) {
    if (!mine.signal.aborted) throw err;
  } finally {
    clearTimeout(late);
    one('#' + id)?.classList.remove('late');
  }
}

/** Says beside each field what is wrong with it. */
function mark(form: HTMLFormElement, json: string): void {
  const errors = JSON.parse(json) as Record<string, string>;
  for (const el of all('.ferr[data-field]', form)) {
    const field = el.dataset['field'] ?? '';
    const inner = Object.entries(errors).find(([k]) => field && k.startsWith(field + '.'));
    const text = errors[field] ?? (inner ? `${inner[0].slice(field.length + 1)}: ${inner[1]}` : '');
    if (el.textContent !== text) el.textContent = text;
    const input = one(`[name="${field}"]`, form);
    if (text) input?.setAttribute('aria-invalid', 'true');
    else input?.removeAttribute('aria-invalid');
  }
}

/** Asks after a while. An answer to what stood in the form before would say where things were in it. */
function ask(f: HTMLFormElement, parts: Part[], after: number): void {
  clearTimeout(timer);
  running?.abort();
  running = null;
  timer = window.setTimeout(async () => {
    const mine = new AbortController();
    running = mine;
    for (const part of parts) if (running === mine) await show(f, part, mine);
  }, after);
}

/** Keeps the parts up with the form of this selector. */
export function start(selector: string, parts: Part[]): void {
  const form = one<HTMLFormElement>(selector);
  const late = parts.filter(([, id]) => one('#' + id)?.hasAttribute('data-wait'));
  if (form && late.length) ask(form, late, 0);
  document.addEventListener('input', (e) => {
    const el = e.target as HTMLInputElement;
    if (el.name && el.name !== 'note' && el.form?.matches(selector)) ask(el.form, parts, el.type === 'radio' ? 0 : wait);
  });
}
