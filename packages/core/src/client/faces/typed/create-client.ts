import {
  type Contract,
  compileOperation,
  contractName,
  type Operation,
  type Operations,
} from '../../../contract/index.js'
import { ConfigInvalidError } from '../../../foundation/errors/index.js'
import { Emitter } from '../../../foundation/events/index.js'
import type { ClientEvents } from '../../../telemetry/events/index.js'
import { UsualLatency } from '../../attempt/attempt-facts.js'
import { type ClientReads, openReads } from '../../caching/client-reads.js'
import { CallLedger } from '../../call/call-ledger.js'
import { type ClientTelemetry, standaloneTelemetry } from '../../call/client-telemetry.js'
import { closeWith } from '../../call/close-with.js'
import { subscribe } from '../../call/subscribe.js'
import { watchClient } from '../../call/watch-client.js'
import type { ClientEndpoints } from '../../destinations/client-endpoints.js'
import { openEndpoints } from '../../destinations/open-endpoints.js'
import type { ClientControls, ClientStats } from '../../operation/client-types.js'
import type { OperationCalls } from '../../operation/operation-calls.js'
import type { CallOptions } from '../../options/call-options.js'
import type { ClientOptions } from '../../options/client-options.js'
import { settingsOf } from '../../settings/operation-settings.js'
import { resolveOptions } from '../../settings/resolve-options.js'
import { sendThrough } from '../../slots/chaos/chaotic-send.js'
import { ClientChaos } from '../../slots/chaos/client-chaos.js'
import { forwardPolicies, shadowedOf } from '../../slots/shared-policies.js'
import { ClientUpdater } from '../../update/client-updater.js'
import { withUpdater } from '../../update/updatable.js'
import { OperationRunner } from './operation-runner.js'
import { type ClientInit, isVersioned, type OpenedClient, openVersions } from './versions/open-versions.js'
import type { VersionedClient } from './versions/versioned-client.js'

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
export function createClient<
  const Name extends string,
  Ops extends Operations,
  const Versions extends string = never,
>(
  contract: Contract<Name, Ops>,
  options: ClientOptions<NoInfer<Ops>, Versions>,
): VersionedClient<Ops, Versions> {
  return createObservedClient(contract, options, standaloneTelemetry)
}

/** A client that tells a service's telemetry of its calls, unless it has some of its own. */
export function createObservedClient<
  const Name extends string,
  Ops extends Operations,
  const Versions extends string = never,
>(
  contract: Contract<Name, Ops>,
  options: ClientOptions<NoInfer<Ops>, Versions>,
  telemetryAround: ClientTelemetry,
): VersionedClient<Ops, Versions> {
  const given = { contract, options: options as never, telemetry: telemetryAround }
  if (isVersioned(options)) return openVersions(given, openClient) as never
  const { runners, controls } = openClient(given)
  const calls = [...runners].map(([name, runner]) => [name, callable(runner)] as const)
  return Object.freeze({ ...Object.fromEntries(calls), ...controls }) as never
}

/** Opens what a client is made of. */
function openClient({ contract, options, telemetry: telemetryAround }: ClientInit): OpenedClient {
  const dependency = contractName(contract)
  if (dependency === undefined) {
    throw new ConfigInvalidError('createClient()', [
      { path: 'contract', message: 'is not a contract; make one with defineContract()' },
    ])
  }
  const operations = contract as unknown as Readonly<Record<string, Operation>>
  const resolved = resolveOptions(dependency, options, operations)
  const events = new Emitter<ClientEvents>()
  forwardPolicies(resolved, { dependency, origin: '', events })
  const endpoints = openEndpoints(dependency, resolved, events)
  const telemetry = telemetryAround.with(resolved.options)
  const ledger = new CallLedger()
  const latency = new UsualLatency()
  const chaos = ClientChaos.of(resolved.options.chaos, events)
  const send = sendThrough(chaos, () => dependency)
  const reads = openReads(dependency, resolved, operations, { events, ledger })
  const overrides = (resolved.options.operations ?? {}) as Readonly<Record<string, object | undefined>>
  const calls = Object.entries(operations).map(([name, operation]) => {
    const compiled = compileOperation(dependency, name, operation)
    const settings = settingsOf(operation, resolved.options, overrides[name])
    const subject = `${dependency}.${name}`
    const { origin } = endpoints
    const { method, path: template } = operation
    const watching = telemetry.operation({ dependency, operation: name, method, template, origin })
    const parts = { endpoints, events, latency, compiled, settings, send, reads, observer: watching }
    const context = { dependency, subject, resolved, ...parts }
    return [name, new OperationRunner(context, ledger, watching)] as const
  })
  const runners = new Map(calls)
  const updater = new ClientUpdater(resolved, { dependency, operations, endpoints, events, ledger, runners })
  const parts = { updater, endpoints, events, ledger, reads, unwatch: () => unwatch() }
  const controls = controlsOf(dependency, parts)
  const unwatch = watchClient(telemetry, controls, chaos, dependency)
  endpoints.start()
  return { runners, controls }
}

function callable(runner: OperationCalls): object {
  const call = (input: unknown, options?: CallOptions) => runner.call(input, options)
  return Object.assign(call, { safe: (input: unknown, options?: CallOptions) => runner.safe(input, options) })
}

interface ClientParts {
  readonly updater: ClientUpdater
  readonly endpoints: ClientEndpoints
  readonly events: Emitter<ClientEvents>
  readonly ledger: CallLedger
  readonly reads: ClientReads | undefined
  readonly unwatch: () => void
}

function controlsOf(dependency: string, parts: ClientParts): ClientControls {
  const { endpoints, events, ledger, reads, unwatch, updater } = parts
  const subject = `the client of '${dependency}'`
  const close = closeWith(subject, ledger, {
    transport: endpoints,
    async release() {
      updater.policies.close()
      reads?.close()
      endpoints.release()
      unwatch()
    },
  })
  const controls: ClientControls = {
    $circuitBreakers: () => endpoints.breakers(),
    $stats: () => ({ ...statsOf(dependency, updater, endpoints), ...reads?.stats() }),
    $on: (name, listener) => subscribe(`$on() of ${subject}`, events, name, listener),
    $update: (changes) => updater.prepare({ code: changes }).apply(),
    $close: close,
    [Symbol.asyncDispose]: () => close(),
  }
  return withUpdater(controls, updater)
}

function statsOf(
  dependency: string,
  { policies, resolved }: ClientUpdater,
  endpoints: ClientEndpoints,
): ClientStats {
  const permits = policies.permits(resolved)
  const { options, retryBudget } = resolved
  return {
    dependency,
    ...permits,
    shadow: shadowedOf(options),
    retryBudget: retryBudget && { tokens: retryBudget.tokens },
    endpoints: endpoints.stats(permits.inFlight),
  }
}
