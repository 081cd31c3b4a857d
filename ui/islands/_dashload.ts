// Panels that were too slow for the page load by themselves, a few at a time;
// until then what they showed before stays.
import { all } from './_dom';
import { htmx } from './_swap';

const atOnce = 4;

let round = 0; // an answer of an older round is dropped
const before = new Map<string, Node[]>(); // what a panel showed last, by its id

/** Tells that a panel shows something else now. */
export const changed = (panel: HTMLElement): void => void document.dispatchEvent(new CustomEvent('tripod:panel', { detail: panel }));

/** Remembers what panels show, so that a refresh that has to wait does not empty them. */
function remember(): void {
  for (const p of all('.dp:not([data-wait])')) {
    const body = [...p.children].filter((c) => c.tagName !== 'HEADER');
    if (!p.querySelector('.dfail')) before.set(p.id, body.map((c) => c.cloneNode(true)));
  }
}

async function one(panel: HTMLElement): Promise<void> {
  const mine = round;
  const from = panel.dataset['load'] ?? '';
  let next: HTMLElement | null = null;
  try {
    const answer = await fetch(from, { headers: { 'HX-Request': 'true' } });
    next = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector<HTMLElement>('.dp');
    if (!answer.ok || !next) throw new Error(String(answer.status));
  } catch {
    if (mine === round) panel.querySelector('.body')?.replaceChildren('It did not load. It is tried again with the next refresh.');
    return;
  }
  const here = document.getElementById(panel.id);
  if (mine !== round || !here) return;
  const shown = document.importNode(next, true);
  here.replaceWith(shown);
  htmx()?.process(shown);
  changed(shown);
}

/** Loads all that wait. A closed row loads when it is opened. */
async function waiting(): Promise<void> {
  round++;
  const mine = round;
  const queue = all('.dp[data-wait]').filter((p) => !p.closest('details:not([open])'));
  for (const p of queue) {
    const old = before.get(p.id);
    if (!old) continue;
    p.querySelector('.body')?.replaceWith(...old.map((n) => n.cloneNode(true)));
    p.classList.add('stale');
    changed(p);
  }
  const worker = async (): Promise<void> => {
    for (let p = queue.shift(); p && mine === round; p = queue.shift()) await one(p);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (mine === round) remember();
}

export function start(): void {
  document.addEventListener('DOMContentLoaded', () => void waiting());
  document.addEventListener('tripod:refreshed', () => void waiting());
  document.addEventListener('htmx:afterSettle', (e) => {
    const at = e.target;
    if (!(at instanceof HTMLElement)) return;
    if (at.classList.contains('dp')) changed(at);
    else if (at.querySelector('#dash')) void waiting();
  });
  document.addEventListener('toggle', (e) => {
    if (e.target instanceof HTMLDetailsElement && e.target.open && e.target.classList.contains('drow')) void waiting();
  }, true);
}
