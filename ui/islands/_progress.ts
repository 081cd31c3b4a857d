// A question that takes longer than a second says so and can be stopped; until
// then the old answer stays as it is.
import { all, one } from './_dom';

let timer = 0;
let dim = 0;
let running: XMLHttpRequest | null = null;

function end(): void {
  clearTimeout(timer);
  clearTimeout(dim);
  running = null;
  all('.mprog').forEach((el) => (el.hidden = true));
  one('#main')?.classList.remove('asking');
}

function begin(xhr: XMLHttpRequest): void {
  end();
  running = xhr;
  const began = performance.now();
  dim = window.setTimeout(() => one('#main')?.classList.add('asking'), 150);
  const tell = (): void => {
    const box = one('.mprog');
    if (!box || running !== xhr) return;
    const seconds = Math.round((performance.now() - began) / 1000);
    const says = one('[role=status]', box);
    if (says) says.textContent = `Asked ${seconds} s ago. The answer before it stays until then.`;
    box.hidden = false;
    timer = window.setTimeout(tell, 1000);
  };
  timer = window.setTimeout(tell, 1000);
}

/** Stops the question that runs; says whether there was one. */
function stop(): boolean {
  if (!running) return false;
  running.abort();
  end();
  return true;
}

/** Watches the questions that replace the main part of a screen. */
export function start(): void {
  document.addEventListener('htmx:beforeSend', (e) => {
    const { xhr, target } = (e as CustomEvent<{ xhr: XMLHttpRequest; target: Element }>).detail;
    if (target.id === 'main') begin(xhr);
  });
  for (const name of ['htmx:afterRequest', 'htmx:sendAbort']) {
    document.addEventListener(name, (e) => {
      if ((e as CustomEvent<{ xhr: XMLHttpRequest }>).detail.xhr === running) end();
    });
  }
  document.addEventListener('click', (e) => {
    if (e.target instanceof Element && e.target.closest('[data-act="stop"]')) stop();
  });
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Escape' && stop()) e.stopPropagation();
  }, true);
}
