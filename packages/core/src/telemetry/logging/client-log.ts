import { type OptionChange, show } from '../../foundation/config/index.js'
import type { Logger } from '../context/index.js'
import type { ClientEvents } from '../events/index.js'
import { chaosMessage } from './chaos-message.js'
import { isLogged, quietly } from './quietly.js'
import { serializeError } from './serialize-error.js'

interface LoggedCallEvent {
  readonly dependency: string
  readonly operation: string
  /** Of the request that the call was made for. */
  readonly correlationId?: string | undefined
}

/** What may come by the thousand; of a whole dependency, or of one operation of it. */
type RepeatedEvent = Pick<LoggedCallEvent, 'dependency' | 'correlationId'> & { readonly operation?: string }

/** The part of a client, a `createFetch` or an interceptor that is logged. */
export interface LoggedClient {
  $on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void
}

/** A call that has ended. */
export interface LoggedCall extends LoggedCallEvent {
  readonly trace?: { readonly traceId: string; readonly spanId?: string } | undefined
  /** `success`, `fallback` or the code of the error. */
  readonly outcome: string
  /** Of the response; 0 without one. */
  readonly status: number
  readonly attempts: number
  readonly durationMs: number
  readonly error?: unknown
}

/** Refusals come by the thousand when they come: of each kind there is one line in this time. */
const repeatMs = 1_000
type Level = 'debug' | 'info' | 'warn'

/** Logs what a service's clients do: calls at `debug`, what is out of the ordinary at `info` and `warn`. */
export class ClientLog {
  readonly #logger: Logger
  readonly #repeats = new Map<string, { writtenAt: number; suppressed: number }>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Whether calls are logged: asked before an entry is made. */
  get logsCalls(): boolean {
    return isLogged(this.#logger, 'debug')
  }

  /** Logs a call that has ended. */
  call({ error, trace, status, durationMs, correlationId, ...call }: LoggedCall): void {
    this.#write('debug', 'call', () => ({
      correlation_id: correlationId,
      trace_id: trace?.traceId,
      span_id: trace?.spanId,
      ...call,
      status: status === 0 ? undefined : status,
      duration_ms: Math.round(durationMs * 100) / 100,
      err: error === undefined ? undefined : serializeError(error),
    }))
  }

  /** Logs what a client reports, until the returned function is called. */
  watch(client: LoggedClient): () => void {
    const stops = [
      ...this.#watchCalls(client),
      ...this.#watchBreakers(client),
      ...this.#watchEndpoints(client),
      client.$on('updated', ({ dependency, source, changes }) => {
        // Who reads the file says what it has changed.
        if (source === 'file') return
        this.#write('info', 'options updated', () => ({ dependency, changes: changes.map(describeChange) }))
      }),
      client.$on('chaosSwitched', ({ dependency, isEnabled }) => {
        this.#write('warn', chaosMessage(isEnabled), () => ({ dependency }))
      }),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }

  #watchCalls(client: LoggedClient): readonly (() => void)[] {
    return [
      client.$on('retry', (event) => {
        this.#write('warn', 'retry', () => ({
          ...callFields(event),
          attempt: event.attempt,
          delay_ms: Math.round(event.delayMs),
          err: serializeError(event.error),
        }))
      }),
      client.$on('hedge', (event) => {
        this.#write('debug', 'hedge', () => ({
          ...callFields(event),
          delay_ms: Math.round(event.delayMs),
        }))
      }),
      client.$on('reject', (event) => {
        this.#writeSeldom('warn', `call rejected: ${event.reason}`, event, () => ({ reason: event.reason }))
      }),
      client.$on('shadowReject', (event) => {
        const { reason } = event
        // A burst that would have had to wait for a moment is nothing to be warned of.
        const level = reason === 'queued' ? 'debug' : 'warn'
        this.#writeSeldom(level, `call would be rejected: ${reason}`, event, () => ({ reason, shadow: true }))
      }),
      client.$on('shed', (event) => this.#writeSeldom('warn', 'call shed', event, () => ({}))),
      client.$on('fallback', (event) => {
        this.#writeSeldom('warn', 'fallback', event, () => ({ err: serializeError(event.error) }))
      }),
      client.$on('stale', (event) => {
        const ageMs = Math.round(event.ageMs)
        this.#writeSeldom('warn', 'stale answer', event, () => ({
          age_ms: ageMs,
          err: serializeError(event.error),
        }))
      }),
      client.$on('cacheError', ({ dependency, error }) => {
        this.#writeSeldom('warn', 'cache store failed', { dependency }, () => ({
          err: serializeError(error),
        }))
      }),
    ]
  }

  #watchBreakers(client: LoggedClient): readonly (() => void)[] {
    return [
      client.$on('open', ({ dependency, origin, openMs, failures, successes, shadow }) => {
        this.#write('warn', 'circuit open', () => ({
          dependency,
          endpoint: origin,
          open_ms: Math.round(openMs),
          failures,
          successes,
          shadow,
        }))
      }),
      client.$on('halfOpen', ({ dependency, origin, shadow }) => {
        this.#write('info', 'circuit half-open', () => ({ dependency, endpoint: origin, shadow }))
      }),
      client.$on('close', ({ dependency, origin, shadow }) => {
        this.#write('info', 'circuit closed', () => ({ dependency, endpoint: origin, shadow }))
      }),
    ]
  }

  #watchEndpoints(client: LoggedClient): readonly (() => void)[] {
    const inform = (
      message: string,
      { dependency, origin }: ClientEvents['endpointAdded'],
      further: object = {},
    ) => this.#write('info', message, () => ({ dependency, endpoint: origin, ...further }))
    return [
      client.$on('ejected', ({ dependency, origin, reason, ejectedMs }) => {
        this.#write('warn', 'endpoint ejected', () => ({
          dependency,
          endpoint: origin,
          reason,
          ejected_ms: Math.round(ejectedMs),
        }))
      }),
      client.$on('readmitted', (event) => inform('endpoint readmitted', event)),
      client.$on('endpointAdded', (event) => inform('endpoint added', event)),
      client.$on('endpointRemoved', (event) =>
        inform('endpoint removed', event, { in_flight: event.inFlight }),
      ),
      client.$on('resolverError', ({ dependency, error }) => {
        this.#writeSeldom('warn', 'resolver failed', { dependency }, () => ({ err: serializeError(error) }))
      }),
    ]
  }

  #writeSeldom(level: Level, message: string, event: RepeatedEvent, further: () => object): void {
    if (!isLogged(this.#logger, level)) return
    const key = JSON.stringify([message, event.dependency, event.operation])
    const now = performance.now()
    const repeat = this.#repeats.get(key)
    if (repeat !== undefined && now - repeat.writtenAt < repeatMs) {
      repeat.suppressed++
      return
    }
    this.#forgetOld(now)
    this.#repeats.set(key, { writtenAt: now, suppressed: 0 })
    const suppressed = repeat?.suppressed || undefined
    this.#write(level, message, () => ({ ...callFields(event), ...further(), suppressed }))
  }

  /** Operations of a `createFetch` are without number. */
  #forgetOld(now: number): void {
    for (const [key, { writtenAt }] of this.#repeats) {
      if (now - writtenAt > 60 * repeatMs) this.#repeats.delete(key)
    }
  }

  #write(level: Level, message: string, fields: () => object): void {
    if (!isLogged(this.#logger, level)) return
    quietly(() => this.#logger[level](fields(), message))
  }
}

/** One option that has changed, on one line. */
export function describeChange({ option, from, to }: OptionChange): string {
  const value = (given: unknown) => (given === undefined ? 'default' : show(given))
  return `${option}: ${value(from)} -> ${value(to)}`
}

function callFields({ dependency, operation, correlationId }: RepeatedEvent): object {
  return { correlation_id: correlationId, dependency, operation }
}
