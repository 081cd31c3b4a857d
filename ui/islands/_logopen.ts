// A line opens in place: what stands under it comes from the server.
import { address, toast } from './_dom';
import { decorate, focusRow, keepOpen, lines } from './_loglines';
import { htmx } from './_swap';

let opening: AbortController | null = null;

export function close(): void {
  opening?.abort();
  const id = lines.opened;
  lines.opened = null;
  if (!id) return;
  lines.list?.under(id, null);
  const row = document.getElementById(id);
  if (row) decorate(row);
  document.dispatchEvent(new CustomEvent('tripod:closed'));
}

export async function open(id: string): Promise<void> {
  const l = lines.list;
  if (!l || !id) return;
  const held = l.index(id);
  close();
  const mine = new AbortController();
  opening = mine;
  lines.opened = id;
  keepOpen(id);
  const row = document.getElementById(id);
  if (row) decorate(row);
  document.dispatchEvent(new CustomEvent('tripod:opened'));
  try {
    const answer = await fetch(address({ at: id, sel: null, cursor: null, live: null }, '/logs/line'), { signal: mine.signal });
    const text = await answer.text();
    if (lines.opened !== id || lines.list !== l) return;
    if (!answer.ok) {
      toast(answer.status === 404 ? 'This line is no longer kept.' : 'The line could not be opened.', 'warn');
      keepOpen(null);
      return close();
    }
    const box = document.createElement('template');
    box.innerHTML = text; // our own page, under its policy
    const detail = box.content.firstElementChild;
    if (!(detail instanceof HTMLElement)) return;
    l.under(id, detail);
    htmx()?.process(detail);
    if (held >= 0 && document.activeElement?.id === id) l.reveal(l.index(id));
  } catch {
    if (mine.signal.aborted) return;
    toast('The line could not be opened.', 'warn');
    keepOpen(null);
    close();
  }
}

export function toggle(id: string): void {
  if (lines.opened !== id) return void open(id);
  close();
  keepOpen(null);
  focusRow(lines.list?.index(id) ?? -1);
}

