// What every screen has beside its HTML. Without it, links and forms do the same.
import htmx from 'htmx.org';
import * as brush from './_brush';
import { copyButton, share } from './_copy';
import * as keys from './_keys';
import * as palette from './_palette';
import * as pop from './_pop';
import * as refreshing from './_refresh';
import { switchTheme } from './_theme';

// Islands of single screens use this very copy of htmx.
(window as unknown as { htmx: typeof htmx }).htmx = htmx;

const acts: Record<string, (el: HTMLElement) => void> = {
  theme: switchTheme,
  palette: palette.openPalette,
  share,
  copy: copyButton,
  refresh: () => void refreshing.refresh(),
};

document.addEventListener('click', (e) => {
  const el = (e.target as Element | null)?.closest<HTMLElement>('[data-act]');
  const act = acts[el?.dataset['act'] ?? ''];
  if (!el || !act || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  act(el);
});

document.addEventListener('DOMContentLoaded', () => {
  pop.start();
  palette.start();
  brush.start();
  keys.start();
  refreshing.start();
});
