import { context, ProxyTracerProvider, propagation, trace } from '@opentelemetry/api'
import type { NodeTracerProvider, SpanExporter } from '@opentelemetry/sdk-trace-node'
import { ConfigInvalidError } from '../../foundation/errors/index.js'
import { GuardedExporter } from './guarded-exporter.js'
import { loadSdk, type Sdk } from './load-sdk.js'
import { resourceOf } from './resource-of.js'
import { checkTelemetryOptions, type TelemetryOptions, telemetryDefaults } from './telemetry-options.js'
import { within } from './within.js'

/** Tracing that has been started. */
export interface Telemetry {
  /**
   * Exports what is left and stops tracing. Never rejects.
   * @returns whether everything was exported in time
   */
  shutdown(): Promise<boolean>
  /**
   * Exports what is there now. Never rejects.
   * @returns whether everything was exported in time
   */
  forceFlush(): Promise<boolean>
}

const disabled: Telemetry = Object.freeze({
  shutdown: () => Promise.resolve(true),
  forceFlush: () => Promise.resolve(true),
})

/**
 * Starts the OpenTelemetry SDK for traces: spans in batches by OTLP over HTTP to a collector, W3C trace context and
 * baggage, a resource that names the service and the process. It may start before or after the service and its clients.
 *
 * `OTEL_SDK_DISABLED=true` and `OTEL_TRACES_EXPORTER=none` turn it off.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is not what it should be, a package of the SDK is not
 * installed, or tracing has been started already.
 * @example
 * ```ts
 * import { startTelemetry } from '@holdfast/core/otel'
 *
 * const telemetry = await startTelemetry({ serviceName: 'orders', ratio: 0.1 })
 * await telemetry.shutdown()
 * ```
 */
export async function startTelemetry(options: TelemetryOptions = {}): Promise<Telemetry> {
  checkTelemetryOptions(options)
  if (isDisabled()) return disabled
  const sdk = await loadSdk(options.exporter === undefined)
  const exporter = exporterOf(sdk, options)
  const provider = providerOf(sdk, options, exporter)
  register(provider)
  const telemetry = telemetryOf(provider, exporter, options)
  const { service } = options
  if (service?.onFlush !== undefined) service.onFlush('telemetry', () => telemetry.shutdown())
  else service?.onShutdown('telemetry', () => telemetry.shutdown())
  return telemetry
}

function isDisabled(): boolean {
  const { OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER } = process.env
  return OTEL_SDK_DISABLED?.toLowerCase() === 'true' || OTEL_TRACES_EXPORTER?.toLowerCase() === 'none'
}

function exporterOf(sdk: Sdk, options: TelemetryOptions): GuardedExporter {
  const { exporter = otlpExporter(sdk, options), service } = options
  return new GuardedExporter(exporter, (error) => {
    service?.logger?.warn({ err: error }, 'spans could not be exported')
  })
}

function providerOf(sdk: Sdk, options: TelemetryOptions, exporter: GuardedExporter): NodeTracerProvider {
  const { BatchSpanProcessor, NodeTracerProvider, ParentBasedSampler, TraceIdRatioBasedSampler } = sdk.node
  const { ratio } = options
  const sampler =
    ratio === undefined
      ? options.sampler
      : new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) })
  return new NodeTracerProvider({
    resource: resourceOf(sdk, options),
    spanProcessors: [new BatchSpanProcessor(exporter)],
    ...(sampler === undefined ? undefined : { sampler }),
  })
}

function otlpExporter({ exporter }: Sdk, { endpoint, headers }: TelemetryOptions): SpanExporter {
  const { OTLPTraceExporter } = exporter as NonNullable<Sdk['exporter']>
  return new OTLPTraceExporter({
    ...(endpoint === undefined ? undefined : { url: tracesUrl(endpoint) }),
    ...(headers === undefined ? undefined : { headers: { ...headers } }),
  })
}

function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint)
  const path = url.pathname.replace(/\/+$/, '')
  url.pathname = path.endsWith('/v1/traces') ? path : `${path}/v1/traces`
  return url.href
}

function register(provider: NodeTracerProvider): void {
  if (currentProvider() !== new ProxyTracerProvider().getDelegate()) {
    const message = 'tracing has been started already, here or by another OpenTelemetry SDK in this process'
    throw new ConfigInvalidError('startTelemetry()', [{ path: '', message }])
  }
  provider.register()
}

function currentProvider(): unknown {
  const provider = trace.getTracerProvider()
  return provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider
}

function telemetryOf(
  provider: NodeTracerProvider,
  exporter: GuardedExporter,
  options: TelemetryOptions,
): Telemetry {
  const timeoutMs = options.flushTimeoutMs ?? telemetryDefaults.flushTimeoutMs
  let ended: Promise<boolean> | undefined
  const end = async (): Promise<boolean> => {
    const isFlushed = await within(timeoutMs, exporter.succeeds(provider.shutdown()))
    if (currentProvider() === provider) {
      trace.disable()
      context.disable()
      propagation.disable()
    }
    return isFlushed
  }
  return {
    shutdown() {
      ended ??= end()
      return ended
    },
    forceFlush: () => within(timeoutMs, exporter.succeeds(provider.forceFlush())),
  }
}
