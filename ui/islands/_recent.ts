// The queries of this browser, the newest first, each kind by itself.
const most = 20;

const nameOf = (kind: string): string => `${kind}.recent`;

export function list(kind: string): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(nameOf(kind)) ?? '[]');
    return Array.isArray(kept) ? kept.filter((q): q is string => typeof q === 'string') : [];
  } catch {
    return []; // storage can be forbidden, or hold what others wrote
  }
}

export function add(kind: string, query: string): void {
  query = query.trim();
  if (!query || query.length > 1000) return;
  try {
    localStorage.setItem(nameOf(kind), JSON.stringify([query, ...list(kind).filter((q) => q !== query)].slice(0, most)));
  } catch {
    // the choice then lasts as long as the page
  }
}
