export const one = <T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T | null =>
  root.querySelector<T>(selector);

export const all = <T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T[] => [
  ...root.querySelectorAll<T>(selector),
];

/** Makes an element; text is never parsed as HTML. */
export function make(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const el = document.createElement(tag);
  if (className) el.className = className;
  el.append(...children);
  return el;
}

export function icon(name: string): SVGElement {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('class', 'i');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(ns, 'use');
  use.setAttribute('href', '#i-' + name);
  svg.append(use);
  return svg;
}

/** The view's time range in Unix ms, as the server understood it. */
export function timeRange(): { from: number; to: number } | null {
  const pick = one('#timepick');
  const from = Number(pick?.dataset['from']);
  const to = Number(pick?.dataset['to']);
  return from < to ? { from, to } : null;
}

/** This view's address with parameters set; null removes one. */
export function address(set: Record<string, string | null>, path = location.pathname): string {
  const q = new URLSearchParams(location.search);
  for (const [k, v] of Object.entries(set)) {
    if (v === null) q.delete(k);
    else q.set(k, v);
  }
  const s = q.toString();
  return s ? path + '?' + s : path;
}

/** A link to another screen with what is carried across screens, and more. */
export function carried(path: string, set: Record<string, string> = {}): string {
  const q = new URLSearchParams(one('#palette-list')?.dataset['carry']?.replace(/^[^?]*\??/, '') ?? '');
  for (const [k, v] of Object.entries(set)) q.set(k, v);
  const s = q.toString();
  return s ? path + '?' + s : path;
}

let toastTimer = 0;

/** Says something in the corner for a while; it never blocks. */
export function toast(text: string, kind: 'ok' | 'warn' = 'ok'): void {
  const box = one('#toasts');
  if (!box) return;
  const tone = make('span', kind === 'ok' ? 't-ok' : 't-warn', icon(kind === 'ok' ? 'check' : 'warn'));
  box.querySelector('.toast.brief')?.remove();
  const el = make('div', 'toast brief', tone, make('span', 'grow', text));
  box.append(el);
  clearTimeout(toastTimer);
  toastTimer = window.setTimeout(() => el.remove(), kind === 'ok' ? 3000 : 8000);
}

/** Typing keeps its keys. */
export function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches('textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit])'))
  );
}
