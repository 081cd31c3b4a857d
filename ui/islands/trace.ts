// Folding the tree, opening spans in the drawer, finding a span.
import { address, all, one, toast } from './_dom';

const rowsOf = (): HTMLElement[] => all('.rows .wr');
const level = (row: HTMLElement): number => Number(row.getAttribute('aria-level'));
const htmx = (): { process(el: Element): void } | undefined =>
  (window as unknown as { htmx?: { process(el: Element): void } }).htmx;

/** Shows the rows below those that are expanded, and hides the others. */
function layout(): void {
  let hiddenBelow = Infinity;
  for (const row of rowsOf()) {
    const at = level(row);
    if (at <= hiddenBelow) hiddenBelow = Infinity;
    row.hidden = at > hiddenBelow;
    if (hiddenBelow === Infinity && row.getAttribute('aria-expanded') === 'false') hiddenBelow = at;
  }
}

function fold(row: HTMLElement, open: boolean): void {
  if (!row.hasAttribute('aria-expanded')) return;
  row.setAttribute('aria-expanded', String(open));
  layout();
}

function foldAll(open: boolean): void {
  for (const row of rowsOf()) {
    if (row.hasAttribute('aria-expanded') && (open || level(row) > 1)) row.setAttribute('aria-expanded', String(open));
  }
  layout();
}

async function select(row: HTMLElement | null, href: string): Promise<void> {
  const answer = await fetch(href.replace(/#.*$/, ''), { headers: { 'HX-Request': 'true', 'HX-Target': 'drawer' } }).catch(() => null);
  if (!answer?.ok) return toast('The span could not be read.', 'warn');
  const box = document.createElement('template');
  box.innerHTML = await answer.text(); // our own page, under its policy
  const next = box.content.querySelector('#drawer');
  if (!next) return;
  one('#drawer')?.replaceWith(next);
  htmx()?.process(next);
  all('.wr.sel').forEach((r) => r.classList.remove('sel'));
  row?.classList.add('sel');
  history.replaceState(history.state, '', address({ sel: row ? row.id.slice(1) : null }));
}

function find(text: string): void {
  const want = text.trim().toLowerCase();
  let hits = 0;
  let first: HTMLElement | null = null;
  for (const row of rowsOf()) {
    const hit = !want || (one('.wn', row)?.textContent ?? '').toLowerCase().includes(want);
    row.classList.toggle('dimmed', !hit);
    if (want && hit) {
      hits++;
      first ??= row;
    }
  }
  const found = one('#span-found');
  if (found) found.textContent = want ? `${hits} spans` : '';
  first?.scrollIntoView({ block: 'nearest' });
}

document.addEventListener('click', (e) => {
  const target = e.target;
  if (!(target instanceof Element) || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
  const act = target.closest<HTMLElement>('[data-act]')?.dataset['act'];
  const row = target.closest<HTMLElement>('.wr');
  if (act === 'fold' && row) return fold(row, row.getAttribute('aria-expanded') === 'false');
  if (act === 'fold-all' || act === 'unfold-all') return foldAll(act === 'unfold-all');
  if (act === 'close-span') {
    e.preventDefault();
    const open = one('.wr.sel');
    void select(null, address({ sel: null })).then(() => open?.focus({ preventScroll: true }));
    return;
  }
  const link = row && one<HTMLAnchorElement>('a.op', row);
  if (!row || !link) return;
  e.preventDefault();
  void select(row, link.getAttribute('href') ?? '');
});

document.addEventListener('keydown', (e) => {
  const row = e.target instanceof HTMLElement ? e.target.closest<HTMLElement>('.wr') : null;
  if (!row || (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight')) return;
  e.preventDefault();
  fold(row, e.key === 'ArrowRight');
});

document.addEventListener('input', (e) => {
  if (e.target instanceof HTMLInputElement && e.target.id === 'span-find') find(e.target.value);
});

document.addEventListener('tripod:refreshed', layout);
