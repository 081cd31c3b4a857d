// Going to another view of the same screen without loading the page anew.

interface Htmx {
  process(el: Element): void;
  ajax(verb: string, path: string, context: object): Promise<void>;
}

export const htmx = (): Htmx | undefined => (window as unknown as { htmx?: Htmx }).htmx;

/** Replaces main by that of an address, as the links of the screen do. */
export async function swapTo(href: string): Promise<void> {
  const h = htmx();
  if (!h) return location.assign(href);
  await h.ajax('GET', href, { target: '#main', select: '#main', selectOOB: '#topbar', swap: 'outerHTML', push: 'true' });
}
