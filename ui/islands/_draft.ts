/** What somebody is typing must not be taken back by a refresh: a form with unsent words says that it is busy. */
export function keepDrafts(form: string): void {
  document.addEventListener('input', (e) => {
    const at = e.target instanceof Element ? e.target.closest<HTMLElement>(form) : null;
    at?.setAttribute('data-busy', '');
  });
}
