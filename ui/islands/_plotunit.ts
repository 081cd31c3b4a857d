// Writes values as the server writes them: three digits, the unit behind.

const digits = (v: number): string => {
  const a = Math.abs(v);
  if (a === 0) return '0';
  if (a >= 1e15 || a < 1e-6) return a.toExponential(2);
  if (a >= 999.5) return Math.round(a).toLocaleString('en-US');
  return String(Number(a.toPrecision(3)));
};

function duration(s: number): string {
  const a = Math.abs(s);
  if (a === 0) return '0';
  if (a < 0.0009995) return digits(a * 1e6) + ' µs';
  if (a < 0.9995) return digits(a * 1e3) + ' ms';
  if (a < 119.5) return digits(a) + ' s';
  if (a < 7200) return Math.round(a / 60) + ' min';
  if (a < 172_800) return digits(a / 3600) + ' h';
  return digits(a / 86_400) + ' d';
}

function bytes(n: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'];
  let a = Math.abs(n);
  let i = 0;
  while (a >= 999.5 && i < units.length - 1) {
    a /= 1000;
    i++;
  }
  return `${digits(a)} ${units[i]}`;
}

/** A value of a unit ("s", "B", "B/s", "/s", "%" of a ratio, or any word) in words. */
export function text(v: number, unit: string): string {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? '–' : v > 0 ? '+Inf' : '−Inf';
  const sign = v < 0 ? '−' : '';
  switch (unit) {
    case 's':
      return sign + duration(v);
    case 'B':
      return sign + bytes(v);
    case 'B/s':
      return sign + bytes(v) + '/s';
    case '%':
      return sign + digits(v * 100) + ' %';
    default:
      return sign + digits(v) + (unit ? ' ' + unit : '');
  }
}
