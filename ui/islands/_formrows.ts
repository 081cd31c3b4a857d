// Rows of a form, such as labels: there is always one empty row to write in.
import { all, one } from './_dom';

function grow(set: HTMLElement): void {
  const list = all('.rpair', set);
  const last = list.at(-1);
  if (!last || !all<HTMLInputElement>('input, textarea', last).some((el) => el.value)) return;
  const next = last.cloneNode(true) as HTMLElement;
  for (const el of all<HTMLInputElement>('input, textarea', next)) {
    if (!el.matches('select')) el.value = '';
    el.removeAttribute('value');
  }
  last.after(next);
}

/** Ctrl S saves the form, where there is one. */
export function start(selector: string): void {
  document.addEventListener('input', (e) => {
    const set = e.target instanceof Element ? e.target.closest<HTMLElement>(selector + ' [data-pairs]') : null;
    if (set) grow(set);
  });
  document.addEventListener('keydown', (e) => {
    const save = one(selector + ' [data-save]');
    if (!save || !(e.ctrlKey || e.metaKey) || e.key.toLowerCase() !== 's') return;
    e.preventDefault();
    save.click();
  });
}
