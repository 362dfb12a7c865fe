import {
  type Contract,
  compileOperation,
  contractName,
  type Operation,
  type Operations,
} from '../contract/index.js'
import { ConfigInvalidError } from '../errors/index.js'
import { Emitter } from '../policies/index.js'
import { UsualLatency } from './attempt-facts.js'
import type { ClientEvents } from './client-events.js'
import type { ClientOptions } from './client-options.js'
import { type ClientTelemetry, standaloneTelemetry } from './client-telemetry.js'
import type { CallOptions, Client, ClientControls, ClientStats } from './client-types.js'
import type { ClientEndpoints } from './endpoints/client-endpoints.js'
import { openEndpoints } from './endpoints/open-endpoints.js'
import { OperationRunner } from './operation-runner.js'
import { settingsOf } from './operation-settings.js'
import { CallLedger } from './origin/call-ledger.js'
import { closeWith } from './origin/close-with.js'
import { subscribe } from './origin/subscribe.js'
import { forwardLimits } from './policy-events.js'
import { type ResolvedClient, resolveOptions } from './resolve-options.js'
import { permitsOf } from './shared-policies.js'

/**
 * A typed client of the service that `contract` describes. Every call has a deadline, is retried within a budget
 * where that is safe, and is bounded by what the service can bear and by a circuit breaker, without any option but
 * `baseUrl` or `endpoints`.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong with the options at once.
 * @example
 * ```ts
 * import { createClient, defineContract } from '@holdfast/core'
 * import { z } from 'zod'
 *
 * const orders = defineContract('orders', {
 *   getOrder: { method: 'GET', path: '/orders/{id}', input: z.object({ id: z.string() }) },
 * })
 * await using client = createClient(orders, { baseUrl: 'http://127.0.0.1:3000' })
 * const result = await client.getOrder.safe({ id: '42' })
 * console.log(result.ok ? result.data : result.error.code)
 * ```
 */
export function createClient<const Name extends string, Ops extends Operations>(
  contract: Contract<Name, Ops>,
  options: ClientOptions<NoInfer<Ops>>,
): Client<Ops> {
  return createObservedClient(contract, options, standaloneTelemetry)
}

/** A client that tells a service's telemetry of its calls, unless it has some of its own. */
export function createObservedClient<const Name extends string, Ops extends Operations>(
  contract: Contract<Name, Ops>,
  options: ClientOptions<NoInfer<Ops>>,
  telemetryAround: ClientTelemetry,
): Client<Ops> {
  const dependency = contractName(contract)
  if (dependency === undefined) {
    throw new ConfigInvalidError('createClient()', [
      { path: 'contract', message: 'is not a contract; make one with defineContract()' },
    ])
  }
  const operations = contract as unknown as Readonly<Record<string, Operation>>
  const resolved = resolveOptions(dependency, options, operations)
  const events = new Emitter<ClientEvents>()
  forwardLimits(dependency, resolved, events)
  const endpoints = openEndpoints(dependency, resolved, events)
  const telemetry = telemetryAround.with(resolved.options)
  const ledger = new CallLedger()
  const latency = new UsualLatency()
  const overrides = (resolved.options.operations ?? {}) as Readonly<Record<string, object | undefined>>
  const calls = Object.entries(operations).map(([name, operation]) => {
    const compiled = compileOperation(dependency, name, operation)
    const settings = settingsOf(operation, resolved.options, overrides[name])
    const subject = `${dependency}.${name}`
    const { origin } = endpoints
    const { method, path: template } = operation
    const watching = telemetry.operation({ dependency, operation: name, method, template, origin })
    const context = { dependency, subject, resolved, endpoints, events, latency, compiled, settings }
    const runner = new OperationRunner(context, ledger, watching)
    return [name, callable(runner)] as const
  })
  const parts = { resolved, endpoints, events, ledger, unwatch: () => unwatch() }
  const controls = controlsOf(dependency, parts)
  const unwatch = telemetry.watch(controls)
  endpoints.start()
  return Object.freeze({ ...Object.fromEntries(calls), ...controls }) as unknown as Client<Ops>
}

function callable(runner: OperationRunner): object {
  const call = (input: unknown, options?: CallOptions) => runner.call(input, options)
  return Object.assign(call, { safe: (input: unknown, options?: CallOptions) => runner.safe(input, options) })
}

interface ClientParts {
  readonly resolved: ResolvedClient
  readonly endpoints: ClientEndpoints
  readonly events: Emitter<ClientEvents>
  readonly ledger: CallLedger
  readonly unwatch: () => void
}

function controlsOf(dependency: string, parts: ClientParts): ClientControls {
  const { endpoints, events, ledger, resolved, unwatch } = parts
  const subject = `the client of '${dependency}'`
  const close = closeWith(subject, ledger, {
    transport: endpoints,
    async release() {
      await resolved.rateLimit?.close()
      endpoints.release()
      unwatch()
    },
  })
  return {
    $circuitBreakers: () => endpoints.breakers(),
    $stats: () => statsOf(dependency, resolved, endpoints),
    $on: (name, listener) => subscribe(`$on() of ${subject}`, events, name, listener),
    $close: close,
    [Symbol.asyncDispose]: () => close(),
  }
}

function statsOf(dependency: string, resolved: ResolvedClient, endpoints: ClientEndpoints): ClientStats {
  const permits = permitsOf(resolved)
  const { budget } = resolved
  return {
    dependency,
    ...permits,
    retryBudget: budget && { tokens: budget.tokens },
    endpoints: endpoints.stats(permits.inFlight),
  }
}
