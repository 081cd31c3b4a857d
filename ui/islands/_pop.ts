import { all, one } from './_dom';

/** Puts a popover under the button that opens it. */
function place(pop: HTMLElement): void {
  const button = one(`[popovertarget="${pop.id}"]`);
  if (!button) return;
  const at = button.getBoundingClientRect();
  const width = pop.offsetWidth || 440;
  const left = Math.max(8, Math.min(at.left, innerWidth - width - 8));
  pop.style.setProperty('--x', left + 'px');
  pop.style.setProperty('--r', 'auto');
  pop.style.setProperty('--y', Math.max(8, Math.min(at.bottom + 4, innerHeight - pop.offsetHeight - 8)) + 'px');
}

export function start(): void {
  // The event does not bubble, and popovers inside main come and go with it.
  document.addEventListener(
    'toggle',
    (e) => {
      const pop = e.target;
      if (!(pop instanceof HTMLElement) || !pop.hasAttribute('popover') || (e as ToggleEvent).newState !== 'open') return;
      place(pop);
      if (matchMedia('(pointer: fine)').matches) one('input:not([type=hidden])', pop)?.focus();
    },
    true,
  );
  document.addEventListener('input', (e) => {
    const box = e.target;
    if (!(box instanceof HTMLInputElement) || !box.dataset['filter']) return;
    const text = box.value.trim().toLowerCase();
    for (const el of all(box.dataset['filter'])) {
      el.hidden = text !== '' && !(el.dataset['name'] ?? el.textContent ?? '').toLowerCase().includes(text);
    }
  });
}

/** Opens or closes a popover by its id. */
export function toggle(id: string): void {
  document.getElementById(id)?.togglePopover?.();
}
