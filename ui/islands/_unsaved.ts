// A form that is left with changes that were not saved: the browser asks first.
import { one } from './_dom';

/** All that would be saved, as text. */
const holds = (form: HTMLFormElement, but: string[]): string =>
  JSON.stringify([...new FormData(form)].filter(([name, value]) => value !== '' && !but.includes(name)));

/** Watches a form; fields that are only for the look of the page do not count. */
export function guard(selector: string, but: string[] = []): void {
  const form = one<HTMLFormElement>(selector);
  if (!form) return;
  // a form that came back with faults was changed already
  const first = 'changed' in form.dataset ? '' : holds(form, but);
  let leaving = false;
  form.addEventListener('submit', () => (leaving = true));
  addEventListener('pageshow', () => (leaving = false));
  addEventListener('beforeunload', (e) => {
    if (!leaving && holds(form, but) !== first) e.preventDefault();
  });
}
