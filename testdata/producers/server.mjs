// A small shop that sends what a real Node.js program sends: traces and metrics
// by OTLP, log lines by pino on stdout and to Loki (or by OTLP when there is no
// LOKI_URL), and prom-client's /metrics to be scraped.
//
//   OTEL_EXPORTER_OTLP_ENDPOINT   http://127.0.0.1:4318, or :4317 with grpc
//   OTEL_EXPORTER_OTLP_PROTOCOL   http/protobuf (default), http/json or grpc
//   LOKI_URL                      http://127.0.0.1:7333
//   REDIS_URL                     redis://127.0.0.1:6379, optional
//   PORT                          0 (default) takes a free one
//
// It prints one line {"ready":true,"port":…} and ends at SIGTERM or SIGINT with
// everything sent. GET /work answers with its ids; ?fail=1 makes it fail.
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { loopback, startTelemetry } from './telemetry.mjs'

const require = createRequire(import.meta.url)
const lokiURL = loopback('LOKI_URL')
const redisURL = loopback('REDIS_URL')
const sdk = startTelemetry({ sendLogs: !lokiURL })

const http = require('node:http')
const { randomUUID } = require('node:crypto')
const { metrics, trace, SpanStatusCode } = require('@opentelemetry/api')
const pino = require('pino')
const prom = require('prom-client')

const service = process.env.OTEL_SERVICE_NAME
const targets = [{ target: 'pino/file', options: { destination: 1 } }]
if (lokiURL) {
  targets.push({
    target: 'pino-loki',
    options: { host: lokiURL, labels: { service_name: service }, batching: { interval: 0.2 } },
  })
}
const transport = pino.transport({ targets })
const log = pino({ level: 'debug' }, transport)

const registry = new prom.Registry()
prom.collectDefaultMetrics({ register: registry })
const worked = new prom.Counter({
  name: 'shop_work_total',
  help: 'Answers to /work by outcome.',
  labelNames: ['outcome'],
  registers: [registry],
})
const took = new prom.Histogram({
  name: 'shop_work_duration_seconds',
  help: 'Time to answer /work.',
  buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1],
  registers: [registry],
})
const sent = metrics.getMeter('shop').createCounter('shop.orders', { unit: '{order}' })
const tracer = trace.getTracer('shop', '1.0.0')

let redis
if (redisURL) {
  const { Redis } = require('ioredis')
  redis = new Redis(redisURL, { lazyConnect: true, maxRetriesPerRequest: 1 })
  redis.on('error', (err) => log.warn({ err }, 'redis'))
  await redis.connect()
}

// work is one order: Redis counts it, the stock is asked over HTTP, and a span
// of its own stands for the rest.
async function work(reqId, fail) {
  const orders = redis ? await redis.incr('orders') : null
  const stock = await fetchStock()
  tracer.startActiveSpan('pack', { attributes: { 'order.items': 3, 'order.req_id': reqId } }, (span) => {
    span.addEvent('packed', { boxes: 1 })
    span.end()
  })
  if (fail) throw new Error('out of stock')
  return { orders, stock }
}

function fetchStock() {
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port: server.address().port, path: '/stock' }, (res) => {
      let body = ''
      res.on('data', (part) => (body += part)).on('end', () => resolve(JSON.parse(body).stock))
    }).on('error', reject)
  })
}

async function answerWork(req, res, url) {
  const reqId = req.headers['x-request-id'] ?? randomUUID()
  const span = trace.getActiveSpan()
  const ids = { reqId, traceId: span?.spanContext().traceId, spanId: span?.spanContext().spanId }
  const child = log.child({ reqId, userId: url.searchParams.get('user') ?? 'u-1' })
  const stop = took.startTimer()
  try {
    const done = await work(reqId, url.searchParams.has('fail'))
    child.info({ ...done, meta: { req_id: reqId } }, 'work done')
    worked.inc({ outcome: 'ok' })
    sent.add(1, { outcome: 'ok' })
    send(res, 200, { ...ids, ...done })
  } catch (err) {
    child.error({ err }, 'work failed')
    span?.recordException(err)
    span?.setStatus({ code: SpanStatusCode.ERROR, message: err.message })
    worked.inc({ outcome: 'error' })
    sent.add(1, { outcome: 'error' })
    send(res, 500, { ...ids, error: err.message })
  } finally {
    stop()
  }
}

function send(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const server = http.createServer(async (req, res) => {
  const url = new URL(req.url, 'http://127.0.0.1')
  switch (url.pathname) {
    case '/work':
      return answerWork(req, res, url)
    case '/stock':
      log.debug('stock asked')
      return send(res, 200, { stock: 7 })
    case '/metrics':
      return res.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics())
  }
  send(res, 404, { error: 'not found' })
})
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1')
await once(server, 'listening')
process.stdout.write(JSON.stringify({ ready: true, port: server.address().port, pid: process.pid, redis: Boolean(redis) }) + '\n')

// stop sends what is left: spans and metrics first, then the lines of the
// transports, which end when their worker does.
let stopping = false
async function stop() {
  if (stopping) return
  stopping = true
  setTimeout(() => process.exit(1), 8000).unref()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await redis?.quit()
  await sdk.shutdown()
  transport.end()
  await once(transport, 'close')
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
