import type { IncomingMessage, ServerResponse } from 'node:http'
import { isThenable } from '../../foundation/cancellation/index.js'
import { ConfigInvalidError } from '../../foundation/errors/index.js'
import type { Chaos } from '../../policies/index.js'
import { ActiveContext, type Logger, type LoggerOf, readInbound } from '../../telemetry/context/index.js'
import { childOf, quietly, RequestLog } from '../../telemetry/logging/index.js'
import type { Metrics, MetricsRegistry } from '../../telemetry/metrics/index.js'
import { startServerSpan } from '../../telemetry/tracing/index.js'
import { type AdmissionSettings, RequestAdmission } from '../admission/index.js'
import type { HealthRegistry } from '../health/index.js'
import { type FailureOrigin, type ProblemResponse, problemResponse } from '../problems/index.js'
import { Exchange, type ExchangeListener, exchangeOf, pathAsItCame } from './exchange.js'
import type { RequestTurn } from './request-turn.js'
import { type ChaosRequest, ServerChaos } from './server-chaos.js'
import { SystemRoutes } from './system-routes.js'

/** What a runtime is made of. */
export interface ServerRuntimeOptions {
  readonly identity: { readonly name: string; readonly version?: string | undefined }
  readonly logger: Logger
  readonly health: HealthRegistry
  readonly metrics: Metrics<MetricsRegistry> | undefined
  readonly tracing: boolean
  readonly requestTimeoutMs: number | undefined
  readonly requestLog: boolean
  readonly trustInbound: boolean
  readonly healthToken: string | undefined
  /** Whether health and metrics are answered on a port of their own only. */
  readonly hasManagementPort: boolean
  /** `undefined` lets everything in. */
  readonly admission: AdmissionSettings | undefined
  /** `undefined` for none. */
  readonly chaos: Chaos<ChaosRequest> | undefined
}

/** A framework's adapter, as `service.listen` knows it. */
export interface ServerAdapter {
  /**
   * Whether `app` is one that this adapter is mounted on.
   * @throws {ConfigInvalidError} `CONFIG_INVALID` when it is mounted wrongly.
   */
  owns(app: unknown): boolean
  /** Is given each request before the framework sees it, where `service.listen` makes the server. */
  prepare?(request: IncomingMessage, response: ServerResponse): void
}

const runtimeKey = Symbol.for('holdfast.runtime')
const noHeaders: IncomingMessage['headers'] = Object.freeze({})

/** What framework adapters build on: it knows what a request is to a service, and nothing of frameworks. */
export class ServerRuntime {
  readonly logger: Logger
  readonly #options: ServerRuntimeOptions
  readonly #requestLog: RequestLog | undefined
  readonly #system: SystemRoutes
  readonly #admission: RequestAdmission | undefined
  readonly #chaos: ServerChaos | undefined
  readonly #adapters: ServerAdapter[] = []
  readonly #loggerOf: LoggerOf

  constructor(options: ServerRuntimeOptions) {
    this.#options = options
    this.logger = options.logger
    this.#requestLog = options.requestLog ? new RequestLog(options.logger) : undefined
    this.#system = new SystemRoutes(options)
    this.#admission = options.admission && this.#createAdmission(options.admission)
    const { chaos, metrics } = options
    this.#chaos = chaos && new ServerChaos(chaos, (kind) => metrics?.server.injected(kind))
    this.#loggerOf = ({ correlationId, traceId, spanId }) =>
      childOf(options.logger, { correlation_id: correlationId, trace_id: traceId, span_id: spanId })
  }

  /** Begins the exchange of a request, or gives the one that has begun. Call it once the request has come in. */
  begin(request: IncomingMessage, response: ServerResponse): Exchange {
    const known = exchangeOf(request)
    if (known !== undefined) return known
    const { metrics, requestTimeoutMs, tracing, trustInbound } = this.#options
    const startedAt = performance.now()
    const headers = trustInbound ? request.headers : noHeaders
    const context = new ActiveContext(readInbound(headers, this.#loggerOf, requestTimeoutMs), startedAt)
    metrics?.server.begin()
    const span = tracing ? startServerSpan(request, context.trace) : undefined
    context.span = span
    return new Exchange({ request, response, context, span, startedAt }, this.#listener)
  }

  /**
   * Serves a request up to its handler: answers system routes, begins the exchange, lets it in or refuses it, and has
   * `turn` go on in its context. What `turn.proceed` fails with comes back as a problem to `turn.refuse`.
   *
   * @returns the exchange; `undefined` for a system route, which is answered here
   */
  serve(request: IncomingMessage, response: ServerResponse, turn: RequestTurn): Exchange | undefined {
    if (this.isSystemRoute(request.method, pathAsItCame(request))) {
      this.answerSystemRoute(request, response)
      return undefined
    }
    const exchange = this.begin(request, response)
    if (turn.begun === undefined) response.setHeader('x-correlation-id', exchange.correlationId)
    else turn.begun(exchange)
    if (this.#admits(exchange)) this.#proceed(exchange, turn)
    else this.#wait(exchange, turn)
    return exchange
  }

  #admits(exchange: Exchange): boolean {
    if (this.#admission !== undefined && !this.#admission.tryAdmit(exchange)) return false
    return this.#chaos === undefined || !this.#chaos.strikes(exchange)
  }

  /** Has a request wait for a moment, or do what chaos wants of it, or refuses it. */
  #wait(exchange: Exchange, turn: RequestTurn): void {
    const chaos = this.#chaos
    const admission = {
      proceed: () => this.#proceed(exchange, turn),
      refuse: (error: unknown) => this.#refuse(exchange, turn, error),
    }
    if (chaos?.inject(exchange, admission)) return
    this.#admission?.wait(exchange, chaos === undefined ? admission : chaos.behind(exchange, admission))
  }

  #proceed(exchange: Exchange, turn: RequestTurn): void {
    try {
      const result = exchange.proceed(turn)
      if (isThenable(result)) result.then(undefined, (error) => this.#refuse(exchange, turn, error))
    } catch (error) {
      this.#refuse(exchange, turn, error)
    }
  }

  #refuse({ request, response }: Exchange, turn: RequestTurn, error: unknown): void {
    turn.refuse(this.fail(error, request), response)
  }

  /** Whether `path` is one of `/livez`, `/readyz`, `/startupz`, `/health` and `/metrics`, answered here. */
  isSystemRoute(method: string | undefined, path: string | undefined): boolean {
    return !this.#options.hasManagementPort && this.#system.matches(method, path)
  }

  /** Answers a system route. They are for machines: no context, no log line, no metric. */
  answerSystemRoute(request: IncomingMessage, response: ServerResponse): void {
    this.#system.answer(request, response, false)
  }

  /** Answers everything that comes to the management port. */
  readonly answerManagement = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.#system.matches(request.method, request.url)) this.#system.answer(request, response, true)
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n')
  }

  /** What to answer when a request failed with `error`; remembers it for the log. */
  fail(error: unknown, request: IncomingMessage, origin?: FailureOrigin): ProblemResponse {
    const exchange = exchangeOf(request)
    exchange?.fail(error)
    return problemResponse(error, exchange?.context, origin)
  }

  /** Tells `service.listen` of an adapter. */
  use(adapter: ServerAdapter): void {
    this.#adapters.push(adapter)
  }

  /** The adapter that is mounted on `app`. */
  adapterOf(app: unknown): ServerAdapter | undefined {
    return this.#adapters.find((adapter) => adapter.owns(app))
  }

  #createAdmission(settings: AdmissionSettings): RequestAdmission {
    const { logger, metrics } = this.#options
    const admission = new RequestAdmission(settings, {
      refused: ({ context }, reason) => metrics?.server.refused(reason, context.priority),
      shadowRefused: ({ context }, reason) => metrics?.server.shadowRefused(reason, context.priority),
      limiting(isLimiting, { inFlight, limit, queued }) {
        const fields = { limit, in_flight: inFlight, queued, shadow: settings.shadow || undefined }
        const message = `overloaded: requests ${settings.shadow ? 'would be' : 'are'} limited`
        if (isLimiting) quietly(() => logger.warn(fields, message))
        else quietly(() => logger.info(fields, 'no longer overloaded'))
      },
    })
    if (settings.maxLimit !== Number.POSITIVE_INFINITY) metrics?.server.observeAdmission(admission.control)
    return admission
  }

  readonly #listener: ExchangeListener = {
    ended: (exchange) => {
      this.#admission?.ended(exchange)
      exchange.span?.end(exchange)
      this.#options.metrics?.server.end(exchange)
      this.#requestLog?.write(exchange)
    },
    handedOver: (exchange) => this.#admission?.release(exchange),
  }
}

/** Lets adapters find the runtime of a service. */
export function attachRuntime(service: object, runtime: ServerRuntime): void {
  Object.defineProperty(service, runtimeKey, { value: runtime })
}

/**
 * The runtime of a service, for adapters.
 *
 * @param subject - who asks, for the message of the error
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `service` was not made by `createService()`.
 */
export function runtimeOf(service: unknown, subject: string): ServerRuntime {
  const runtime =
    typeof service === 'object' && service !== null
      ? (service as { readonly [runtimeKey]?: ServerRuntime })[runtimeKey]
      : undefined
  if (runtime !== undefined) return runtime
  throw new ConfigInvalidError(subject, [
    { path: 'service', message: 'is missing; give it the service that createService() made' },
  ])
}
