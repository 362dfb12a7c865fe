import type { ActiveContext } from '../../telemetry/context/index.js'
import { AdmissionControl } from './admission-control.js'
import type { AdmissionOutcome } from './admission-limit.js'
import type { AdmissionSettings } from './admission-options.js'
import { type AdmissionReason, refusalOf, type ShadowReason } from './admission-refusal.js'
import { WaitingRequest } from './waiting-request.js'

const eventStream = 'text/event-stream'
/** Looked for first, since most callers take none; who takes just anything (any type at all) has asked for no stream. */
const mayTakeEventStream = /text\/(?:event-stream|\*)/i
const isRefused = /;\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)/i

/** A request, as far as admission is concerned. */
export interface AdmittedExchange {
  readonly context: ActiveContext
  readonly request: { readonly headers: { readonly accept?: string | undefined } }
  readonly startedAt: number
  readonly durationMs: number
  readonly status: number
  readonly aborted: boolean
  /** When it was let in; `undefined` while it has no permit. */
  admittedAt: number | undefined
  refusal: AdmissionReason | 'chaos' | undefined
  /** Calls `fn` once the answer turns out to be an event stream. */
  whenEventStream(fn: () => void): void
}

/** How a request that could not be let in at once goes on; one of the two is called unless its caller leaves. */
export interface Admission {
  proceed(): void
  refuse(error: unknown): void
}

/** Who hears of what admission does. */
export interface AdmissionListener {
  refused(exchange: AdmittedExchange, reason: AdmissionReason): void
  /** One that was let in only because admission is in shadow. */
  shadowRefused(exchange: AdmittedExchange, reason: ShadowReason): void
  limiting(isLimiting: boolean, control: AdmissionControl): void
}

/** Puts `AdmissionControl` in front of the requests of a service. */
export class RequestAdmission {
  readonly control: AdmissionControl
  readonly #listener: AdmissionListener
  readonly #isShadow: boolean

  constructor(settings: AdmissionSettings, listener: AdmissionListener) {
    this.control = new AdmissionControl(settings, (isLimiting) => listener.limiting(isLimiting, this.control))
    this.#listener = listener
    this.#isShadow = settings.shadow
  }

  /** Lets a request in at once, if its time is not up and there is room. */
  tryAdmit(exchange: AdmittedExchange): boolean {
    const { context, startedAt } = exchange
    if (context.deadline <= startedAt || !this.control.tryAdmit(context.priority)) return false
    this.#admitted(exchange, startedAt)
    return true
  }

  /** What happens to a request that `tryAdmit` did not let in: it waits for a moment, or is refused. */
  wait(exchange: AdmittedExchange, admission: Admission): void {
    const { context, startedAt } = exchange
    if (this.#isShadow) {
      this.#admitAnyway(exchange)
      admission.proceed()
      return
    }
    const refused = (reason: AdmissionReason): void => {
      exchange.refusal = reason
      this.#listener.refused(exchange, reason)
      const { isLimiting: isOverloaded } = this.control
      admission.refuse(refusalOf(reason, { context, isOverloaded, now: performance.now() }))
    }
    if (context.deadline <= startedAt) {
      refused('deadline')
      return
    }
    const admitted = (now: number): void => {
      this.#admitted(exchange, now)
      admission.proceed()
    }
    new WaitingRequest(this.control, context, { admitted, refused }).begin()
  }

  /** Without a permit where its time is up: it would not have been worked on. */
  #admitAnyway(exchange: AdmittedExchange): void {
    const { context, startedAt } = exchange
    const isExpired = context.deadline <= startedAt
    const reason = isExpired ? 'deadline' : this.control.admitAnyway(context.priority, startedAt)
    if (!isExpired) this.#admitted(exchange, startedAt)
    this.#listener.shadowRefused(exchange, reason)
  }

  /** Takes the permit of a request back that is over, if it has one. */
  ended(exchange: AdmittedExchange): void {
    const { admittedAt, startedAt, durationMs } = exchange
    if (admittedAt === undefined) return
    exchange.admittedAt = undefined
    this.control.settled(outcomeOf(exchange), admittedAt, startedAt + durationMs)
  }

  /** Takes the permit of a request back that goes on without one. */
  release(exchange: AdmittedExchange, now: number = performance.now()): void {
    const { admittedAt } = exchange
    if (admittedAt === undefined) return
    exchange.admittedAt = undefined
    this.control.settled('neutral', admittedAt, now)
  }

  /** An event stream lives as long as its reader, so the permit only stands for its beginning. */
  #admitted(exchange: AdmittedExchange, now: number): void {
    exchange.admittedAt = now
    const { accept } = exchange.request.headers
    if (accept === undefined || !mayTakeEventStream.test(accept)) return
    const types = acceptedTypes(accept)
    if (!types.some((type) => type === eventStream || type === 'text/*')) return
    if (types.length === 1 && types[0] === eventStream) this.release(exchange, now)
    // Who also takes another type may be given that.
    else exchange.whenEventStream(() => this.release(exchange))
  }
}

/** The types of an `accept` header, without their parameters and without those of `q=0`. */
function acceptedTypes(accept: string): readonly string[] {
  return accept
    .split(',')
    .filter((part) => part.trim() !== '' && !isRefused.test(part))
    .map((part) => (part.split(';', 1)[0] ?? '').trim().toLowerCase())
}

function outcomeOf({ aborted, context, status }: AdmittedExchange): AdmissionOutcome {
  if (aborted || context.aborted) return 'lost'
  // How fast something fails says nothing about how long its work takes.
  return status < 500 ? 'answered' : 'neutral'
}
