import { address, one, timeRange, toast } from './_dom';

export async function copy(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyOld(text)) {
      toast('The browser does not let this page copy.', 'warn');
      return;
    }
  }
  toast(said);
}

/** Pages that are not served from this machine and not over TLS have no clipboard object. */
function copyOld(text: string): boolean {
  const box = document.createElement('textarea');
  box.value = text;
  box.setAttribute('readonly', '');
  box.className = 'vh';
  document.body.append(box);
  box.select();
  const done = document.execCommand('copy');
  box.remove();
  return done;
}

/** Copies this view's address with absolute times, so that it shows the same tomorrow. */
export function share(): void {
  const range = timeRange();
  const set: Record<string, string | null> = range ? { from: String(range.from), to: String(range.to), live: null } : {};
  void copy(location.origin + address(set), 'Link copied, with absolute times.');
}

export function copyButton(button: HTMLElement): void {
  const from = button.dataset['copyFrom'];
  const text = from ? (one(from)?.textContent ?? '') : (button.dataset['copy'] ?? '');
  void copy(text, 'Copied.');
}
