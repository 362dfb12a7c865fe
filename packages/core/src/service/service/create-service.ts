import type { Registry } from 'prom-client'
import { createObservedClient, createObservedFetch, observedInterceptor } from '../../client/index.js'
import { contractName } from '../../contract/index.js'
import { Secret } from '../../foundation/config/index.js'
import { ConfigInvalidError, isHoldfastError } from '../../foundation/errors/index.js'
import type { Logger } from '../../telemetry/context/index.js'
import { adoptLogger, createLogger, quietly } from '../../telemetry/logging/index.js'
import {
  createMetrics,
  type Metrics,
  type MetricsOptions,
  type MetricsRegistry,
} from '../../telemetry/metrics/index.js'
import { resolveAdmission } from '../admission/index.js'
import { healthRegistry } from '../health/index.js'
import { createShutdown } from '../lifecycle/index.js'
import { announceChaos, attachRuntime, resolveServerChaos, ServerRuntime } from '../server/index.js'
import { ClientHooks } from './client-hooks.js'
import { checkListen, listenWith } from './listen.js'
import type { Listening, Service } from './service.js'
import { checkServiceOptions, type ServiceOptions, serviceDefaults } from './service-options.js'
import { type StartUpParts, startUp } from './start-up.js'
import { watchWith } from './watch-with.js'

interface Parts extends StartUpParts {
  readonly metrics: Metrics<MetricsRegistry> | undefined
}

/**
 * One service: its log, its metrics, its health, its clients and its shutdown. Mount it on the framework with
 * `@holdfast/express` or `@holdfast/fastify`.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong with the options at once.
 * @example
 * ```ts
 * import { createService, currentContext } from '@holdfast/core'
 *
 * const service = createService({ name: 'orders', version: '1.4.0', signals: false })
 * service.onShutdown('database', async () => console.log('closed'))
 * const { url } = await service.listen((_request, response) => {
 *   response.end(currentContext()?.correlationId)
 * }, { port: 0 })
 * console.log((await fetch(`${url}/readyz`)).status) // 200
 * await service.shutdown()
 * ```
 */
export function createService<Shown extends MetricsRegistry = Registry>(
  options: ServiceOptions<Shown>,
): Service<Shown> {
  checkServiceOptions(options)
  const parts = partsOf(options)
  const { health, logger, metrics, runtime, shutdown } = parts
  const tracing = options.tracing ?? serviceDefaults.tracing
  const hooks = new ClientHooks({ logger, metrics, health, shutdown, tracing })
  let listens: Promise<Listening> | undefined
  const service: Service<Shown> = {
    name: options.name,
    version: options.version,
    environment: options.environment,
    logger,
    metrics: metrics?.registry as Shown,
    health,
    get signal() {
      return shutdown.signal
    },
    onShutdown(name, hook) {
      const forget = shutdown.onShutdown(name, hook)
      // What is open while the service still starts has to be closed on a signal, too.
      shutdown.listenToProcess()
      return forget
    },
    onDrain: (name, hook) => shutdown.onDrain(name, hook),
    onFlush: (name, hook) => shutdown.onFlush(name, hook),
    createClient(contract, clientOptions) {
      const client = createObservedClient(contract, clientOptions, hooks.telemetry)
      hooks.wire(contractName(contract) ?? '', client)
      return client
    },
    createFetch: (fetchOptions = {}) =>
      hooks.closeLater('fetch', createObservedFetch(fetchOptions, hooks.telemetry)),
    undiciInterceptor: (interceptorOptions = {}) =>
      hooks.closeLater('interceptor', observedInterceptor(interceptorOptions, hooks.telemetry)),
    watchOptions: (file, watchOptions = {}) =>
      watchWith(file, { logger, ...watchOptions }, { hooks, shutdown }),
    listen(app, listenOptions) {
      checkListen(app, listenOptions, parts)
      if (listens !== undefined) throw listensAlready()
      const starting = startUp(parts, () => listenWith(app, listenOptions, parts), listenOptions.host)
      // One chain: a start that nobody awaits is an unhandled rejection when it fails, which ends the process. Not where
      // somebody has stopped the service meanwhile: that one knows.
      const listening = starting.catch((error: unknown) => {
        if (isHoldfastError(error, 'CLOSED')) listening.catch(() => {})
        listens = undefined
        throw error
      })
      listens = listening
      return listening
    },
    run: (work) => {
      health.markStarted()
      return shutdown.run(work)
    },
    shutdown: (reason) => shutdown.shutdown(reason),
  }
  attachRuntime(service, runtime)
  return Object.freeze(service)
}

function partsOf(options: ServiceOptions): Parts {
  const { name, version, environment, requestTimeoutMs, management } = options
  const identity = { name, version, environment }
  const level = options.logLevel ?? serviceDefaults.logLevel
  const logger =
    options.logger === undefined
      ? createLogger({ ...identity, level })
      : adoptLogger(options.logger, identity)
  const health = healthRegistry({
    onChange: ({ report, previous }) => logHealth(logger, report, previous),
  })
  const metrics =
    options.metrics === false ? undefined : createMetrics<MetricsRegistry>(options.metrics as MetricsOptions)
  const shutdown = createShutdown({
    ...options.shutdown,
    logger,
    signals: options.signals ?? serviceDefaults.signals,
    onDraining: () => health.markDraining(),
  })
  shutdown.onFlush('health', () => health.close())
  const chaos = resolveServerChaos(options.chaos)
  if (chaos !== undefined) shutdown.onFlush('chaos', announceChaos(chaos, logger))
  const token = options.health?.token
  const runtime = new ServerRuntime({
    identity,
    logger,
    health,
    metrics,
    tracing: options.tracing ?? serviceDefaults.tracing,
    requestTimeoutMs,
    requestLog: options.requestLog ?? serviceDefaults.requestLog,
    trustInbound: options.trustInbound ?? serviceDefaults.trustInbound,
    healthToken: token instanceof Secret ? token.reveal() : token,
    hasManagementPort: management !== undefined,
    admission: options.admission === false ? undefined : resolveAdmission(options.admission),
    chaos,
  })
  return { options, logger, health, metrics, runtime, shutdown }
}

function logHealth(
  logger: Logger,
  report: { readonly name: string; readonly status: string; readonly output: string | undefined },
  previous: string | undefined,
): void {
  const { name: check, status, output } = report
  const level = status === 'pass' ? 'info' : 'warn'
  quietly(() => logger[level]({ check, status, previous, output }, 'health check'))
}

function listensAlready(): ConfigInvalidError {
  return new ConfigInvalidError('listen()', [
    { path: 'app', message: 'is the second one: this service listens already; make a service for each' },
  ])
}
