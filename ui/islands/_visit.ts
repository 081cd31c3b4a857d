import { one } from './_dom';

const htmx = (): { process(el: Element): void } | undefined =>
  (window as unknown as { htmx?: { process(el: Element): void } }).htmx;

/** Goes to another address of this screen as its links do: the main part changes in place. */
export function visit(href: string, focus = ''): void {
  const main = one('#main');
  const lib = htmx();
  if (!main || !lib) return location.assign(href);
  const link = document.createElement('a');
  link.href = href;
  link.hidden = true;
  const swap = { get: href, target: '#main', select: '#main', 'select-oob': '#topbar', swap: 'outerHTML', 'push-url': 'true' };
  for (const [name, value] of Object.entries(swap)) link.setAttribute('hx-' + name, value);
  main.append(link);
  lib.process(link);
  if (focus) document.addEventListener('htmx:afterSettle', () => one(focus)?.focus(), { once: true });
  link.click();
}
