// A page's telemetry: the OpenTelemetry SDK for the web, bundled by a test of
// ui/browser and run in Chromium. A click is a span, and what it fetches another.
import { context, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { FetchInstrumentation } from '@opentelemetry/instrumentation-fetch'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, StackContextManager, WebTracerProvider } from '@opentelemetry/sdk-trace-web'

// ended keeps its promise when so many spans have ended.
function ended(count) {
  let done
  const promise = new Promise((resolve) => { done = resolve })
  const processor = {
    onStart() {},
    onEnd() { if (--count === 0) done() },
    async forceFlush() {},
    async shutdown() {},
  }
  return { promise, processor }
}

// work sends a trace of two spans to an endpoint of OTLP/HTTP and gives its id;
// it fails as the exporter does, which tries again until its time is over.
globalThis.work = async (endpoint, fetched, timeoutMillis) => {
  const exporter = new OTLPTraceExporter({ url: endpoint, headers: { 'x-page': 'checkout' }, timeoutMillis })
  let failed
  const send = exporter.export.bind(exporter)
  exporter.export = (spans, told) => send(spans, (result) => { failed = result.error; told(result) })
  const both = ended(2)
  const provider = new WebTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': 'browser-shop' })),
    spanProcessors: [both.processor, new BatchSpanProcessor(exporter)],
  })
  provider.register({ contextManager: new StackContextManager() })
  const stop = registerInstrumentations({ instrumentations: [new FetchInstrumentation({ ignoreUrls: [endpoint] })] })
  const span = provider.getTracer('page').startSpan('click buy', { attributes: { 'cart.items': 3 } })
  await context.with(trace.setSpan(context.active(), span), () => fetch(fetched)).then((answer) => answer.text())
  span.end()
  await both.promise
  stop()
  await provider.forceFlush()
  await provider.shutdown()
  trace.disable()
  context.disable()
  if (failed) throw failed
  return span.spanContext().traceId
}
