// Starts the OpenTelemetry SDK from its standard environment variables. It must
// run before http, ioredis and pino are loaded, so that they are instrumented.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

// The address of everything that is sent must be loopback: this is a test.
export function loopback(name) {
  const text = process.env[name]
  if (!text) return undefined
  const host = new URL(text).hostname
  if (!['127.0.0.1', '[::1]', 'localhost'].includes(host)) {
    throw new Error(`${name}: ${host} is not loopback`)
  }
  return text
}

export function startTelemetry({ sendLogs }) {
  const endpoint = loopback('OTEL_EXPORTER_OTLP_ENDPOINT')
  Object.assign(process.env, {
    OTEL_SERVICE_NAME: process.env.OTEL_SERVICE_NAME ?? 'node-shop',
    OTEL_TRACES_EXPORTER: endpoint ? 'otlp' : 'none',
    OTEL_METRICS_EXPORTER: endpoint ? 'otlp' : 'none',
    OTEL_LOGS_EXPORTER: endpoint && sendLogs ? 'otlp' : 'none',
    OTEL_EXPORTER_OTLP_PROTOCOL: process.env.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf',
    OTEL_BSP_SCHEDULE_DELAY: process.env.OTEL_BSP_SCHEDULE_DELAY ?? '200',
    OTEL_BLRP_SCHEDULE_DELAY: process.env.OTEL_BLRP_SCHEDULE_DELAY ?? '200',
    OTEL_METRIC_EXPORT_INTERVAL: process.env.OTEL_METRIC_EXPORT_INTERVAL ?? '500',
    OTEL_METRIC_EXPORT_TIMEOUT: process.env.OTEL_METRIC_EXPORT_TIMEOUT ?? '500',
    OTEL_NODE_RESOURCE_DETECTORS: 'env,host,process',
  })
  const { NodeSDK } = require('@opentelemetry/sdk-node')
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
  const { IORedisInstrumentation } = require('@opentelemetry/instrumentation-ioredis')
  const { PinoInstrumentation } = require('@opentelemetry/instrumentation-pino')
  const sdk = new NodeSDK({
    instrumentations: [
      new HttpInstrumentation({ ignoreIncomingRequestHook: (req) => req.url === '/metrics' }),
      new IORedisInstrumentation({ requireParentSpan: true }),
      new PinoInstrumentation({ disableLogSending: !sendLogs }),
    ],
  })
  sdk.start()
  return sdk
}
