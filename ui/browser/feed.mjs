// Lines of a test's own, under a service that nothing else uses.

// feed pushes n lines as JSON, newest ago ms before now and step ms apart; make
// gives what line i (0 is the newest) says beside its time and service.
export async function feed(origin, service, n, make, { ago = 2000, step = 1 } = {}) {
  const now = Date.now();
  const lines = Array.from({ length: n }, (_, i) => ({ level: 'info', time: now - ago - i * step, service, ...make(i) }));
  for (let i = 0; i < n; i += 2000) await push(origin, lines.slice(i, i + 2000));
  return lines;
}

export async function push(origin, lines) {
  const body = lines.map((l) => (typeof l === 'string' ? l : JSON.stringify(l))).join('\n');
  const answer = await fetch(origin + '/api/v1/logs', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body });
  if (!answer.ok) throw new Error(`push: ${answer.status} ${await answer.text()}`);
}
