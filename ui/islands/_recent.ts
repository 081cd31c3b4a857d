// The queries of this browser, the newest first.
const name = 'logs.recent';
const most = 20;

export function list(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(name) ?? '[]');
    return Array.isArray(kept) ? kept.filter((q): q is string => typeof q === 'string') : [];
  } catch {
    return []; // storage can be forbidden, or hold what others wrote
  }
}

export function add(query: string): void {
  query = query.trim();
  if (!query || query.length > 1000) return;
  try {
    localStorage.setItem(name, JSON.stringify([query, ...list().filter((q) => q !== query)].slice(0, most)));
  } catch {
    // the choice then lasts as long as the page
  }
}
