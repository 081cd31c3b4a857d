// The query box, the filters and the fields beside the lines.
import * as complete from './_complete';
import { address, all, one, typing } from './_dom';
import { keepDrafts } from './_draft';
import * as highlight from './_highlight';

document.addEventListener('keydown', (e) => {
  if (e.key !== 'f' || e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || one('dialog[open]')) return;
  const box = one('#facet-find');
  if (!box) return;
  e.preventDefault();
  box.focus();
});

/** The values of the field that a filter is made for, once its name is whole. */
for (const event of ['input', 'change']) {
  document.addEventListener(event, (e) => {
    const field = e.target;
    if (!(field instanceof HTMLInputElement) || field.name !== 'ff') return;
    const known = all<HTMLOptionElement>('#filter-fields option').some((o) => o.value === field.value);
    if (known || event === 'change') void values(field.value.trim());
  });
}

async function values(field: string): Promise<void> {
  const list = one('#filter-values');
  if (!list || !field) return;
  const answer = await fetch(address({ field }, '/logs/values')).catch(() => null);
  if (!answer?.ok) return;
  const holder = document.createElement('template');
  holder.innerHTML = await answer.text(); // our own page, under its policy
  list.replaceChildren(...holder.content.querySelectorAll('option'));
}

// What is saved is what stands in the box, asked or not.
document.addEventListener(
  'toggle',
  (e) => {
    const pop = e.target;
    if (!(pop instanceof HTMLElement) || pop.id !== 'saved-pop' || (e as ToggleEvent).newState !== 'open') return;
    const text = one<HTMLInputElement>('[name=text]', pop);
    const box = one<HTMLInputElement>('#q');
    if (text && box) text.value = box.value;
  },
  true,
);

keepDrafts('#log-form');
complete.start();
highlight.start();
