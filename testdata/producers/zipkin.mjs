// Sends one trace with Zipkin's own client: a server span, a client span below
// it, and one that failed. It prints the trace's id when all is sent.
//
//   ZIPKIN_URL   http://127.0.0.1:7333
import { createRequire } from 'node:module'
import { loopback } from './telemetry.mjs'

const require = createRequire(import.meta.url)
const { Tracer, BatchRecorder, ExplicitContext, jsonEncoder, Annotation, InetAddress } = require('zipkin')
const { HttpLogger } = require('zipkin-transport-http')

const logger = new HttpLogger({
  endpoint: `${loopback('ZIPKIN_URL')}/api/v2/spans`,
  jsonEncoder: jsonEncoder.JSON_V2,
  httpInterval: 50,
})
logger.on('error', (err) => {
  console.error(err)
  process.exitCode = 1
})
const recorder = new BatchRecorder({ logger })
const tracer = new Tracer({ ctxImpl: new ExplicitContext(), recorder, localServiceName: 'zipkin-shop', traceId128Bit: true })

function span(id, name, kind, more) {
  tracer.scoped(() => {
    tracer.setId(id)
    tracer.recordServiceName('zipkin-shop')
    tracer.recordRpc(name)
    tracer.recordAnnotation(kind.begin)
    more?.()
    tracer.recordAnnotation(kind.end)
  })
}

const server = { begin: new Annotation.ServerRecv(), end: new Annotation.ServerSend() }
const client = { begin: new Annotation.ClientSend(), end: new Annotation.ClientRecv() }
const root = tracer.createRootId()
const child = tracer.scoped(() => (tracer.setId(root), tracer.createChildId()))
const failed = tracer.scoped(() => (tracer.setId(root), tracer.createChildId()))
span(child, 'select', client, () => {
  tracer.recordAnnotation(new Annotation.ServerAddr({ serviceName: 'mysql', host: new InetAddress('127.0.0.1'), port: 3306 }))
  tracer.recordBinary('http.status_code', '200')
})
span(failed, 'charge', client, () => tracer.recordBinary('error', 'card declined'))
span(root, 'get /cart', server, () => tracer.recordMessage('cart loaded'))

const alive = setInterval(() => {}, 1000) // the client's own timers let the program end
await new Promise((sent) => logger.once('success', sent))
clearInterval(alive)
console.log(JSON.stringify({ traceId: root.traceId }))
process.exit()
