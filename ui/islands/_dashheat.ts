// A click on a cell of a heat map leads to what is in it.
interface Cells {
  ends: number[];
  step: number;
  rows: string[];
}

/** Where the cell under the pointer leads; null beside all cells. */
function target(e: MouseEvent): string | null {
  if (!(e.target instanceof Element) || e.target.closest('a, button')) return null;
  const plot = e.target.closest<HTMLElement>('.dheat.leads .plot');
  const chart = e.target.closest<HTMLElement>('.chart');
  const source = e.target.closest<HTMLElement>('.dheat.leads')?.dataset['cells'];
  if (!plot || !chart || !source) return null;
  const cells = JSON.parse(source) as Cells;
  const r = plot.getBoundingClientRect();
  const from = Number(chart.dataset['from']);
  const at = from + ((e.clientX - r.left) / r.width) * (Number(chart.dataset['to']) - from);
  const end = cells.ends.find((t) => at > t - cells.step && at <= t);
  const row = cells.rows[Math.floor((1 - (e.clientY - r.top) / r.height) * cells.rows.length)];
  if (end === undefined || !row) return null;
  const to = new URL(row, location.origin);
  to.searchParams.set('from', String(end - cells.step));
  to.searchParams.set('to', String(end));
  return to.origin === location.origin ? to.pathname + to.search : to.href;
}

export function start(): void {
  let down = 0;
  document.addEventListener('pointerdown', (e) => (down = e.clientX), true);
  document.addEventListener('click', (e) => {
    if (Math.abs(e.clientX - down) > 3) return; // a brush
    const to = target(e);
    if (to) location.assign(to);
  });
}
