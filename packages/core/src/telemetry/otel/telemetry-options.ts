import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace-node'
import { OptionCheck } from '../../foundation/config/index.js'

/** The part of a service that telemetry needs. */
export interface TelemetryService {
  readonly name: string
  readonly version?: string | undefined
  readonly environment?: string | undefined
  readonly logger?: { warn(fields: object, message: string): void } | undefined
  onShutdown(name: string, hook: () => unknown): unknown
  /** Runs later than the hooks of `onShutdown`, whose last spans would be missed otherwise. */
  onFlush?(name: string, hook: () => unknown): unknown
}

/** Options of `startTelemetry`. What is not given comes from the `OTEL_*` variables of the environment. */
export interface TelemetryOptions {
  /**
   * The service that is traced: gives its name and version, and ends the telemetry when it shuts down.
   * @default none
   */
  readonly service?: TelemetryService | undefined
  /** @default that of `service`, else `OTEL_SERVICE_NAME` */
  readonly serviceName?: string | undefined
  /** @default that of `service` */
  readonly serviceVersion?: string | undefined
  /**
   * Where the collector listens for OTLP over HTTP; `/v1/traces` is added.
   * @default `OTEL_EXPORTER_OTLP_ENDPOINT`, else `http://localhost:4318`
   */
  readonly endpoint?: string | undefined
  /**
   * Headers of every export, such as a token.
   * @default `OTEL_EXPORTER_OTLP_HEADERS`
   */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /**
   * The share of traces that is sampled, from 0 to 1, where no caller has decided yet.
   * @default `OTEL_TRACES_SAMPLER`, else 1
   */
  readonly ratio?: number | undefined
  /**
   * A sampler of your own, instead of `ratio`.
   * @default none
   */
  readonly sampler?: Sampler | undefined
  /**
   * Further attributes of the resource.
   * @default `OTEL_RESOURCE_ATTRIBUTES`
   */
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined
  /**
   * What exports the spans, instead of OTLP over HTTP with JSON.
   * @default none
   */
  readonly exporter?: SpanExporter | undefined
  /**
   * How long `shutdown()` and `forceFlush()` take at most, in milliseconds.
   * @default 1000
   */
  readonly flushTimeoutMs?: number | undefined
}

const optionNames = [
  'service',
  'serviceName',
  'serviceVersion',
  'endpoint',
  'headers',
  'ratio',
  'sampler',
  'attributes',
  'exporter',
  'flushTimeoutMs',
]

export const telemetryDefaults = Object.freeze({ flushTimeoutMs: 1_000 })

/** @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once. */
export function checkTelemetryOptions(options: TelemetryOptions): void {
  const check = new OptionCheck('startTelemetry()')
  if (check.object('', options, optionNames)) {
    const { endpoint, exporter, headers, ratio, sampler, service } = options
    for (const name of ['serviceName', 'serviceVersion'] as const) {
      const value: unknown = options[name]
      if (value !== undefined && (typeof value !== 'string' || value === '')) {
        check.add(name, 'must be a text that is not empty')
      }
    }
    if (endpoint !== undefined && !isHttpUrl(endpoint)) check.add('endpoint', 'must be an http or https URL')
    check.number('ratio', ratio, { min: 0, max: 1 })
    check.milliseconds('flushTimeoutMs', options.flushTimeoutMs)
    if (ratio !== undefined && sampler !== undefined) check.add('ratio', 'and sampler exclude each other')
    if (exporter !== undefined && (endpoint !== undefined || headers !== undefined)) {
      check.add('exporter', 'and endpoint or headers exclude each other: give them to the exporter')
    }
    if (service !== undefined) check.function('service.onShutdown', service?.onShutdown ?? null)
  }
  check.done()
}

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol } = new URL(value)
  return protocol === 'http:' || protocol === 'https:'
}
