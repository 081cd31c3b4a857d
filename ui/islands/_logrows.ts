// Opening a line in place, wrapping, and no refresh while somebody reads.
import { address, all, one, toast } from './_dom';

const htmx = (): { process(el: Element): void } | undefined =>
  (window as unknown as { htmx?: { process(el: Element): void } }).htmx;

const detailOf = (row: HTMLElement): HTMLElement | null => {
  const next = row.nextElementSibling;
  return next instanceof HTMLElement && next.classList.contains('exp') ? next : null;
};

/** The address keeps the open line, so that a refresh and a shared link open it too. */
function remember(sel: string | null): void {
  history.replaceState(history.state, '', address({ sel }));
}

function close(row: HTMLElement): void {
  detailOf(row)?.remove();
  row.classList.remove('open');
  one('.at', row)?.setAttribute('aria-expanded', 'false');
}

async function open(row: HTMLElement): Promise<void> {
  all('.lr.open').forEach(close);
  row.classList.add('open');
  one('.at', row)?.setAttribute('aria-expanded', 'true');
  remember(row.id);
  const answer = await fetch(row.dataset['part'] ?? '').catch(() => null);
  if (!answer?.ok) {
    toast(answer?.status === 404 ? 'This line is no longer kept.' : 'The line could not be opened.', 'warn');
    return close(row);
  }
  const box = document.createElement('template');
  box.innerHTML = await answer.text(); // our own page, under its policy
  const detail = box.content.firstElementChild;
  if (!detail || !row.classList.contains('open') || detailOf(row)) return;
  row.after(detail);
  htmx()?.process(detail);
}

function toggle(row: HTMLElement): void {
  if (!row.classList.contains('open')) return void open(row);
  close(row);
  remember(null);
  row.focus({ preventScroll: true });
}

function wrap(link: HTMLElement): void {
  const on = one('#log-rows')?.classList.toggle('wrapped') ?? false;
  link.classList.toggle('on', on);
  history.replaceState(history.state, '', address({ wrap: on ? '1' : null }));
  link.setAttribute('href', address({ wrap: on ? null : '1' }));
}

document.addEventListener('click', (e) => {
  const target = e.target;
  if (!(target instanceof Element) || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
  const wrapper = target.closest<HTMLElement>('[data-act="wrap"]');
  if (wrapper) {
    e.preventDefault();
    return wrap(wrapper);
  }
  if (target.closest('[data-act="close-line"]')) {
    const row = document.getElementById(target.closest<HTMLElement>('.exp')?.dataset['of'] ?? '');
    if (row) toggle(row);
    return;
  }
  const row = target.closest<HTMLElement>('.lr[data-part]');
  if (!row) return;
  if (target.closest('a') && !target.closest('[data-open]')) return;
  const s = getSelection();
  if (s && !s.isCollapsed && row.contains(s.anchorNode)) return; // selecting text is not opening
  e.preventDefault();
  toggle(row);
});

/** A list that is scrolled or longer than one page must not change under the eyes. */
function reading(): void {
  const list = one('#log-rows');
  if (!list) return;
  const away = scrollY > 80 || all('.lr', list).length > 250;
  if (away !== 'busy' in list.dataset) list.toggleAttribute('data-busy', away);
}

addEventListener('scroll', reading, { passive: true });
document.addEventListener('htmx:afterSettle', reading);
