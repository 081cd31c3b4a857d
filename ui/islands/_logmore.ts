// Further lines are fetched as they come near the screen, in both directions.
import { one } from './_dom';
import { lines, root, rowsOf } from './_loglines';

/** Lines kept in memory; those farthest off are given up for new ones. */
const most = 20_000;
/** How many rows before the end of the list the next are fetched. */
const ahead = 160;

const loading: { up: AbortController | null; down: AbortController | null } = { up: null, down: null };

/** Forgets what is on its way for a list that is gone. */
export function stop(): void {
  for (const dir of ['up', 'down'] as const) {
    loading[dir]?.abort();
    loading[dir] = null;
  }
}

export function wait(dir: 'up' | 'down', text: string): void {
  const el = one(`#log-wait-${dir}`);
  if (el) el.textContent = text;
}

const again = { up: 0, down: 0 }; // when the next try may be, after one that failed

async function more(dir: 'up' | 'down'): Promise<void> {
  const l = lines.list;
  const url = root()?.dataset['more'];
  const end = dir === 'up' ? l?.rows[0] : l?.rows.at(-1);
  if (!l || !url || !end || loading[dir] || !(dir === 'up' ? lines.above : lines.below) || performance.now() < again[dir]) return;
  const mine = new AbortController();
  loading[dir] = mine;
  const slow = window.setTimeout(() => wait(dir, 'Reading further lines…'), 150);
  const place = `${dir === 'up' ? 'before' : 'cursor'}=${encodeURIComponent(end.id)}`;
  try {
    const answer = await fetch(url + (url.includes('?') ? '&' : '?') + place, { signal: mine.signal });
    const box = document.createElement('template');
    box.innerHTML = await answer.text(); // our own rows, under the page's policy
    if (lines.list !== l || loading[dir] !== mine) return;
    const why = one('.stop', box.content)?.textContent ?? '';
    if (!answer.ok) {
      again[dir] = performance.now() + 3000;
      return wait(dir, why || 'Further lines could not be read.');
    }
    const { rows } = rowsOf(box.content);
    if (dir === 'up') {
      lines.above = !!one('.more.up', box.content);
      l.prepend(rows, true);
      if (l.length > most) {
        l.truncate(most);
        lines.below = true;
      }
    } else {
      lines.below = !!one('.more.down', box.content);
      l.append(rows);
      if (l.length > most) {
        l.shift(l.length - most);
        lines.above = true;
      }
    }
    wait(dir, why);
    shown();
    loading[dir] = null;
    look();
  } catch {
    if (mine.signal.aborted) return;
    again[dir] = performance.now() + 3000;
    wait(dir, 'The appliance does not answer.');
  } finally {
    clearTimeout(slow);
    if (loading[dir] === mine) loading[dir] = null;
  }
}

/** What the foot says of how many lines there are. */
export function shown(): void {
  const el = one('#log-shown');
  const total = el?.dataset['total'];
  const n = lines.list?.length ?? 0;
  if (!el || !n) return;
  const words = n.toLocaleString('en-US');
  el.textContent = !lines.above && !lines.below ? `Showing all ${words}` : total ? `Showing ${words} of ${total}` : `Showing ${words}`;
}

/** Fetches what comes near. */
export function look(): void {
  const l = lines.list;
  if (!l?.length) return;
  if (lines.below && l.end() > l.length - ahead) void more('down');
  if (lines.above && l.at().row < ahead) void more('up');
}

