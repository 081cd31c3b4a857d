// Labels and texts of a rule: there is always one empty row to write in.
import { all, one } from './_dom';

function grow(set: HTMLElement): void {
  const list = all('.rpair', set);
  const last = list.at(-1);
  if (!last || !all<HTMLInputElement>('input, textarea', last).some((el) => el.value)) return;
  const next = last.cloneNode(true) as HTMLElement;
  for (const el of all<HTMLInputElement>('input, textarea', next)) {
    el.value = '';
    el.removeAttribute('value');
  }
  last.after(next);
}

export function start(): void {
  const form = one<HTMLFormElement>('#rule-form');
  if (!form) return;
  form.addEventListener('input', (e) => {
    const set = e.target instanceof Element ? e.target.closest<HTMLElement>('[data-pairs]') : null;
    if (set) grow(set);
  });
  document.addEventListener('keydown', (e) => {
    if (!(e.ctrlKey || e.metaKey) || e.key.toLowerCase() !== 's') return;
    e.preventDefault();
    one('[data-save]', form)?.click();
  });
}
