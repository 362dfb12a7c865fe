import { OptionCheck } from '../../../foundation/config/index.js'
import { Emitter, type Listener, type Unsubscribe } from '../../../foundation/events/index.js'
import type { HttpResponse } from '../../../http/message/index.js'
import type { Transport } from '../../../http/transport/index.js'
import type { ClientEvents } from '../../../telemetry/events/index.js'
import { CallLedger } from '../../call/call-ledger.js'
import { type ClientTelemetry, standaloneTelemetry } from '../../call/client-telemetry.js'
import { type CloseOptions, closeWith } from '../../call/close-with.js'
import { subscribe } from '../../call/subscribe.js'
import { anyDependency, watchClient } from '../../call/watch-client.js'
import { hostOf, OriginRegistry, type OriginsStats } from '../../destinations/origin-registry.js'
import { sendThrough } from '../../slots/chaos/chaotic-send.js'
import { ClientChaos } from '../../slots/chaos/client-chaos.js'
import { connectionsFor } from '../../slots/shared-policies.js'
import type { FetchCall } from './fetch-call.js'
import { fetchExchange } from './fetch-exchange.js'
import { type FetchOptions, openTransport, resolveFetchOptions } from './fetch-options.js'
import { type FetchInput, readRequest } from './fetch-request.js'
import { FetchRunner } from './fetch-runner.js'

/** A `fetch` whose requests are protected. */
export interface HoldfastFetch extends AsyncDisposable {
  /**
   * Sends a request as the global `fetch` does.
   * @throws {HoldfastError} of any code but `CONFIG_INVALID` and `HTTP_STATUS`; the caller's abort rejects with the
   * signal's own reason
   */
  (input: FetchInput, init?: RequestInit): Promise<Response>
  /** The state of breakers, permits, budgets and connections, by origin. */
  $stats(): OriginsStats
  /** Subscribes to an event; returns what unsubscribes. Events name the host and the method. */
  $on<Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>): Unsubscribe
  /**
   * Refuses new calls with `CLOSED`, waits for those in flight, streams included, and closes the connections. After
   * `timeoutMs`, 10 s by default, what is left ends with `CLOSED` too.
   */
  $close(options?: CloseOptions): Promise<void>
}

/**
 * A drop-in `fetch`: same arguments, a real `Response`, and around every request a deadline, retries within a budget
 * where that is safe, a circuit breaker and a bulkhead, kept for each origin.
 *
 * As with the global `fetch` an error status is a response: the last one, where retries did not help. What differs:
 *
 * - Failures are `HoldfastError`s, by whose `code` one can decide; wrong arguments are `INVALID_INPUT`. An abort by
 *   the caller's signal rejects with the signal's own reason.
 * - `timeoutMs` goes on until the body has been read; a body may also fail with `BODY_TIMEOUT` or
 *   `RESPONSE_TOO_LARGE` while it is being read.
 * - Bodies that are decompressed lose their `content-encoding` and `content-length`; damaged ones are errors.
 * - A request is retried when its method is idempotent or it has an `idempotency-key` header, never when its body is
 *   a stream. The body of a `Request` is read first as far as 64 KiB, so that a short one can be sent again.
 * - A redirect that cannot be followed is `INVALID_RESPONSE`. As with `fetch`, one from https: to http: is followed;
 *   `authorization`, `cookie` and `proxy-authorization` never go to another origin.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong with the options at once.
 * @example
 * ```ts
 * import { createFetch } from '@holdfast/core'
 *
 * await using fetch = createFetch({ timeoutMs: 2_000 })
 * const response = await fetch('http://127.0.0.1:3000/orders/42')
 * if (response.ok) console.log(await response.json())
 * ```
 */
export function createFetch(options: FetchOptions = {}): HoldfastFetch {
  return createObservedFetch(options, standaloneTelemetry)
}

/** A `fetch` that tells a service's telemetry of its calls, unless it has some of its own. */
export function createObservedFetch(options: FetchOptions, telemetryAround: ClientTelemetry): HoldfastFetch {
  const check = new OptionCheck('createFetch()')
  const resolved = resolveFetchOptions(check, options)
  check.done()
  const { protection, maxResponseBytes } = resolved
  const { shared } = protection
  const events = new Emitter<ClientEvents>()
  const chaos = ClientChaos.of(shared.chaos, events)
  const transport = openTransport(resolved.options, connectionsFor(shared))
  const exchange = fetchExchange(transport, {
    maxResponseBytes,
    idleTimeoutMs: protection.idleTimeoutMs,
    send: sendThrough(chaos, hostOf),
  })
  const given = { protection, events, own: resolved.base?.origin }
  const origins = new OriginRegistry(given, exchange)
  const telemetry = telemetryAround.with(resolved.options)
  const ledger = new CallLedger()
  const runner = new FetchRunner(resolved, origins, { events, ledger, telemetry })
  const controls = controlsOf(transport, origins, { events, ledger, unwatch: () => unwatch() })
  const unwatch = watchClient(telemetry, controls, chaos, anyDependency)
  async function fetch(input: FetchInput, init?: RequestInit): Promise<Response> {
    const startedAt = performance.now()
    const asked = readRequest(input, init, resolved)
    const { signal, cancelBody } = asked
    const response = runner.run(asked, startedAt)
    // What an abort leaves of a stream nobody will read.
    if (signal !== undefined) response.catch((error) => signal.aborted && cancelBody(error))
    return response
  }
  return Object.assign(fetch, controls)
}

interface ControlParts {
  readonly events: Emitter<ClientEvents>
  readonly ledger: CallLedger
  readonly unwatch: () => void
}

function controlsOf(
  transport: Transport,
  origins: OriginRegistry<HttpResponse, FetchCall>,
  { events, ledger, unwatch }: ControlParts,
): Pick<HoldfastFetch, '$stats' | '$on' | '$close' | typeof Symbol.asyncDispose> {
  const close = closeWith('createFetch()', ledger, {
    transport,
    release() {
      origins.close()
      unwatch()
    },
  })
  return {
    $stats: () => ({ origins: origins.stats(transport.stats()) }),
    $on: (name, listener) => subscribe('$on() of createFetch()', events, name, listener),
    $close: close,
    [Symbol.asyncDispose]: () => close(),
  }
}
