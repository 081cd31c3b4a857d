/** Switches dark and light, and remembers the choice in this browser. */
export function switchTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset['theme']
    ? root.dataset['theme'] === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset['theme'] = dark ? 'light' : 'dark';
  try {
    localStorage.setItem('theme', root.dataset['theme']);
  } catch {
    // Storage can be forbidden; the choice then lasts as long as the page.
  }
  document.dispatchEvent(new CustomEvent('tripod:theme'));
}
