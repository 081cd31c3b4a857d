// The query box and the fields beside the lines.
import { one, typing } from './_dom';
import { keepDrafts } from './_draft';

document.addEventListener('keydown', (e) => {
  if (e.key !== 'f' || e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || one('dialog[open]')) return;
  const box = one('#facet-find');
  if (!box) return;
  e.preventDefault();
  box.focus();
});

keepDrafts('#log-form');
