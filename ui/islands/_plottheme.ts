// The colours of the theme as a canvas needs them.
import { make } from './_dom';

/** The colours of classes that set --svc or a ramp (c3, k-err): only a computed colour is resolved. */
export function colours(names: string[]): string[] {
  const probe = make('i', '');
  document.body.append(probe);
  const out = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return out;
}

/** The same colour, of which only a share (0 to 1) is seen. */
export function faint(colour: string, share: number): string {
  const parts = /^rgba?\(([^)/]+)/.exec(colour)?.[1]?.split(/[\s,]+/).slice(0, 3).join(' ');
  return parts ? `rgb(${parts} / ${share})` : `color-mix(in srgb, ${colour} ${share * 100}%, transparent)`;
}

/** Calls back when the reader or the system switches dark and light. */
export function onTheme(then: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', then);
  new MutationObserver(then).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
}
