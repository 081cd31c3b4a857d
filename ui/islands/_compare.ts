// Choosing two traces of the list to put side by side. The choice outlives a
// refresh; of three the first one chosen is given up.
import { all, carried, one } from './_dom';

interface Pick {
  took: string;
  name: string;
}

const picked = new Map<string, Pick>();

function words(): string {
  const [a, b] = [...picked.values()];
  if (!a) return '';
  if (!b) return `${a.took} of ${a.name}; choose one more`;
  return a.name === b.name ? `${a.took} and ${b.took} of ${a.name}` : `${a.took} of ${a.name} and ${b.took} of ${b.name}`;
}

function show(): void {
  for (const box of all<HTMLInputElement>('.pick input')) box.checked = picked.has(box.value);
  const ids = [...picked.keys()];
  for (const dot of all('.dotp[data-pick]')) delete dot.dataset['pick'];
  for (const dot of all<HTMLAnchorElement>('.points a.dotp')) {
    const id = dot.pathname.split('/').at(-1) ?? '';
    if (picked.has(id)) dot.dataset['pick'] = String(ids.indexOf(id) + 1);
  }
  const bar = one('#compare-bar');
  const said = one('#compare-said');
  if (!bar || !said) return;
  bar.classList.toggle('on', ids.length > 0);
  const close = one('[data-act="clear-compare"]', bar);
  close?.toggleAttribute('data-close', ids.length > 0);
  const count = document.createElement('b');
  count.textContent = `${ids.length} selected`;
  said.replaceChildren(count, ' ' + words());
  const go = one<HTMLButtonElement>('.btn.primary', bar);
  if (go) go.disabled = ids.length !== 2;
}

document.addEventListener('change', (e) => {
  const box = e.target;
  if (!(box instanceof HTMLInputElement) || !box.closest('.pick')) return;
  picked.delete(box.value);
  if (box.checked) picked.set(box.value, { took: box.dataset['took'] ?? '', name: box.dataset['name'] ?? '' });
  const oldest = picked.keys().next().value;
  if (picked.size > 2 && oldest) picked.delete(oldest);
  show();
});
document.addEventListener('submit', (e) => {
  if (!(e.target instanceof HTMLFormElement) || e.target.id !== 'compare-form') return;
  e.preventDefault();
  const [a, b] = [...picked.keys()];
  if (a && b) location.assign(carried('/traces/compare', { a, b }));
});
document.addEventListener('click', (e) => {
  if (!(e.target instanceof Element) || !e.target.closest('[data-act="clear-compare"]')) return;
  e.preventDefault();
  picked.clear();
  show();
});
for (const name of ['tripod:refreshed', 'htmx:afterSettle']) document.addEventListener(name, show);
addEventListener('pageshow', show);
show();
