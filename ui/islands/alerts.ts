// Silences: what one mutes is shown while its form is filled in.
import { all, one } from './_dom';
import { keepDrafts } from './_draft';
import * as preview from './_formpreview';
import * as rows from './_formrows';

/** Fields that are the same every time, such as one's name, come back by themselves. */
function remember(): void {
  for (const el of all<HTMLInputElement>('[data-remember]')) {
    if (!el.value) el.value = localStorage.getItem('tripod-' + el.dataset['remember']) ?? '';
  }
}

document.addEventListener('DOMContentLoaded', () => {
  remember();
  rows.start('#silence-form');
  preview.start('#silence-form', [['look', 'silence-look']]);
  keepDrafts('#silence-form'); // a refresh takes nothing back
});
document.addEventListener('tripod:refreshed', remember);
document.addEventListener('change', (e) => {
  const el = e.target as HTMLInputElement;
  if (el.dataset['remember']) localStorage.setItem('tripod-' + el.dataset['remember'], el.value);
});
document.addEventListener('click', (e) => {
  if (!(e.target instanceof Element) || !e.target.closest('[data-act="silence"]')) return;
  e.preventDefault();
  all<HTMLDetailsElement>('#silence details').forEach((d) => (d.open = true));
  one('#silence')?.scrollIntoView({ block: 'center' });
  one('#silence-form [name="comment"]')?.focus({ preventScroll: true });
});
