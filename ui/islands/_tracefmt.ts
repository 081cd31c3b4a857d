// Durations and axes as the server writes them, for what is drawn anew here.

function significant(a: number): string {
  const text = a.toFixed(Math.min(Math.max(2 - Math.floor(Math.log10(a)), 0), 9));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function two(s: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((s % big) / small);
  return `${Math.floor(s / big)} ${bigName}` + (rest > 0 ? ` ${rest} ${smallName}` : '');
}

/** A duration in ns: 400 µs, 38 ms, 1.41 s, 2 min 10 s, 3 h 5 min, 41 days. */
export function duration(ns: number): string {
  if (ns < 0) return '−' + duration(-ns);
  if (ns === 0) return '0 ms';
  if (ns < 1e3) return ns + ' ns';
  if (ns < 999_500) return significant(ns / 1e3) + ' µs';
  if (ns < 999_500_000) return significant(ns / 1e6) + ' ms';
  if (ns < 59_950_000_000) return significant(ns / 1e9) + ' s';
  const s = Math.round(ns / 1e9);
  if (s >= 172_800) return Math.floor(s / 86_400).toLocaleString('en-US') + ' days';
  return s >= 3600 ? two(s, 3600, 'h', 60, 'min') : two(s, 60, 'min', 1, 's');
}

/** The smallest of 1, 2 and 5 times a power of ten (of ns; of s from two minutes on) of which at most n fit. */
function round(width: number, n: number): number {
  const steps = width > 120e9 ? [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400].map((s) => s * 1e9) : [];
  for (const step of steps) if (width <= step * n) return step;
  for (let unit = 1; ; unit *= 10) for (const m of [1, 2, 5]) if (width <= unit * m * n) return unit * m;
}

/** Round moments between two, in ns after the start of the trace, with their words. */
export function ticks(from: number, to: number): { at: number; text: string }[] {
  const width = to - from;
  if (width <= 0) return [{ at: 0, text: duration(from) }];
  const step = round(width, 6);
  const out = from === 0 ? [{ at: 0, text: '0' }] : [];
  for (let t = Math.floor(from / step) * step + step; t <= to && out.length <= 12; t += step) out.push({ at: (t - from) / width, text: duration(t) });
  return out;
}
