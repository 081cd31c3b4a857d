// Spans of a test's own, sent over OTLP/HTTP as JSON.

const hex = (n, digits) => n.toString(16).padStart(digits, '0');
const attributes = (set) => Object.entries(set).map(([key, v]) => ({ key, value: typeof v === 'number' ? { intValue: String(v) } : { stringValue: String(v) } }));

export const newTraceID = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => hex(b, 2)).join('');
export const spanID = (n) => hex(n, 16);

// toOTLP writes spans {id, parent, service, name, from, to (ms after base), error, attrs, events, kind} of a trace.
export function toOTLP(traceID, spans, base) {
  const at = (ms) => String(BigInt(base) * 1_000_000n + BigInt(Math.round(ms * 1e6)));
  const byService = new Map();
  for (const s of spans) (byService.get(s.service) ?? byService.set(s.service, []).get(s.service)).push(s);
  return {
    resourceSpans: [...byService].map(([service, own]) => ({
      resource: { attributes: attributes({ 'service.name': service, 'host.name': 'test-1' }) },
      scopeSpans: [{
        scope: { name: 'browser-test' },
        spans: own.map((s) => ({
          traceId: traceID, spanId: spanID(s.id), ...(s.parent ? { parentSpanId: spanID(s.parent) } : {}),
          name: s.name, kind: s.kind ?? 1, startTimeUnixNano: at(s.from), endTimeUnixNano: at(s.to),
          attributes: attributes(s.attrs ?? {}), status: s.error ? { code: 2, message: s.error } : {},
          events: (s.events ?? []).map((e) => ({ timeUnixNano: at(e.at), name: e.name, attributes: attributes(e.attrs ?? {}) })),
        })),
      }],
    })),
  };
}

// sendTrace sends them in requests of at most 2,000 and gives the trace's id.
export async function sendTrace(origin, spans, { base = Date.now() - 60_000, traceID = newTraceID() } = {}) {
  for (let i = 0; i < spans.length; i += 2000) {
    const body = JSON.stringify(toOTLP(traceID, spans.slice(i, i + 2000), base));
    const answer = await fetch(origin + '/v1/traces', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    if (!answer.ok) throw new Error(`spans: ${answer.status} ${await answer.text()}`);
  }
  return traceID;
}

// bigTrace is n spans: a root, batches of 99 below it, and a last span with a name of its own.
export function bigTrace(n, service = 'big') {
  const spans = [{ id: 1, service, name: 'big batch', from: 0, to: n, kind: 2 }];
  let batch = 1;
  for (let i = 2; i < n; i++) {
    if (i % 100 === 2) batch = i;
    const parent = i === batch ? 1 : batch;
    spans.push({ id: i, parent, service: i === batch ? service : service + '-worker', name: i === batch ? `batch ${Math.floor(i / 100)}` : `item ${i}`, from: i, to: i === batch ? i + 100 : i + 1 });
  }
  spans.push({ id: n, parent: 1, service, name: 'the very last', from: n - 1, to: n });
  return spans;
}

// usualTrace is what a request of a test's own service mostly is; of the slow one a part never ran.
export function usualTrace(service, slow = false) {
  const ms = slow ? 4000 : 40;
  const spans = [
    { id: 1, service, name: 'POST /orders', from: 0, to: ms, kind: 2, ...(slow ? { error: 'timeout' } : {}) },
    { id: 2, parent: 1, service: service + '-store', name: 'acquire', from: 1, to: ms - 20, attrs: { 'pool.max_open': 5 }, events: [{ at: 2, name: 'wait started', attrs: { position: 3 } }] },
  ];
  if (!slow) spans.push({ id: 3, parent: 1, service: service + '-store', name: 'INSERT orders', from: ms - 20, to: ms - 5, kind: 3, attrs: { 'db.system': 'sqlite' } });
  return spans;
}
