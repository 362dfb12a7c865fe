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
import { OperationRunner } from './operation-runner.js'
import { settingsOf } from './operation-settings.js'
import { CallLedger } from './origin/call-ledger.js'
import { closeWith } from './origin/close-with.js'
import { subscribe } from './origin/subscribe.js'
import { forwardEvents } from './policy-events.js'
import { type ResolvedClient, resolveOptions } from './resolve-options.js'

/**
 * A typed client of the service that `contract` describes. Every call has a deadline, is retried within a budget
 * where that is safe, and is bounded by a bulkhead and a circuit breaker, without any option but `baseUrl`.
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
  forwardEvents(dependency, resolved, events)
  const telemetry = telemetryAround.with(resolved.options)
  const ledger = new CallLedger()
  const latency = new UsualLatency()
  const overrides = (resolved.options.operations ?? {}) as Readonly<Record<string, object | undefined>>
  const calls = Object.entries(operations).map(([name, operation]) => {
    const compiled = compileOperation(dependency, name, operation)
    const settings = settingsOf(operation, resolved.options, overrides[name])
    const subject = `${dependency}.${name}`
    const { origin } = resolved
    const { method, path: template } = operation
    const watching = telemetry.operation({ dependency, operation: name, method, template, origin })
    const context = { dependency, subject, resolved, events, latency, compiled, settings }
    const runner = new OperationRunner(context, ledger, watching)
    return [name, callable(runner)] as const
  })
  const controls = controlsOf(dependency, resolved, events, { ledger, unwatch: () => unwatch() })
  const unwatch = telemetry.watch(controls)
  return Object.freeze({ ...Object.fromEntries(calls), ...controls }) as unknown as Client<Ops>
}

function callable(runner: OperationRunner): object {
  const call = (input: unknown, options?: CallOptions) => runner.call(input, options)
  return Object.assign(call, { safe: (input: unknown, options?: CallOptions) => runner.safe(input, options) })
}

function controlsOf(
  dependency: string,
  resolved: ResolvedClient,
  events: Emitter<ClientEvents>,
  { ledger, unwatch }: { readonly ledger: CallLedger; readonly unwatch: () => void },
): ClientControls {
  const subject = `the client of '${dependency}'`
  const { transport, breaker, rateLimit } = resolved
  const close = closeWith(subject, ledger, {
    transport,
    async release() {
      await rateLimit?.close()
      breaker?.shutdown()
      unwatch()
    },
  })
  return {
    $circuitBreakers: () => (resolved.breaker === undefined ? [] : [resolved.breaker]),
    $stats: () => statsOf(dependency, resolved),
    $on: (name, listener) => subscribe(`$on() of ${subject}`, events, name, listener),
    $close: close,
    [Symbol.asyncDispose]: () => close(),
  }
}

function statsOf(dependency: string, resolved: ResolvedClient): ClientStats {
  const { origin, breaker, bulkhead, budget, transport } = resolved
  const connections = transport.stats()[origin]
  return {
    dependency,
    inFlight: bulkhead?.inFlight ?? 0,
    queued: bulkhead?.queued ?? 0,
    retryBudget: budget && { tokens: budget.tokens },
    endpoints: [
      {
        origin,
        circuitBreaker: breaker && { state: breaker.state, ...breaker.counts },
        connections: connections && {
          open: connections.connected,
          free: connections.free,
          running: connections.running,
          waitingForSocket: connections.waiting,
        },
      },
    ],
  }
}
