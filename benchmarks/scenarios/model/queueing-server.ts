import type { Behaviour, Moment } from './behaviour.js'
import type { Timeline } from './timeline.js'

/** A request that has reached a server. */
export interface Incoming {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  respond(status: number, headers?: Readonly<Record<string, string>>): void
  refuse(): void
  /** Calls back when the client gives up before it is answered. */
  onGone(run: () => void): void
}

/** What requests come to. */
export interface Receiver {
  receive(incoming: Incoming): void
}

/** A tier's own work: finds the status to answer with. */
export type Forward = (incoming: Incoming) => void

/** Options of `QueueingServer`. */
export interface QueueingServerOptions {
  readonly replica: number
  /** Requests served at once. */
  readonly slots: number
  /** Mean of the exponential service time, in milliseconds. */
  readonly meanMs: number
  /** When the event of the scenario begins, in milliseconds. */
  readonly eventAtMs: number
  readonly behave: (moment: Moment) => Behaviour
  readonly random: () => number
}

/** How long an answer takes that needs no slot, in milliseconds. */
const atOnceMs = 1

/**
 * Some slots behind an endless first-in-first-out queue. It does not notice when a client gives up, so what nobody
 * waits for any more is served all the same: that is what makes an overload last.
 */
export class QueueingServer implements Receiver {
  readonly #timeline: Timeline
  readonly #options: QueueingServerOptions
  readonly #queue: { incoming: Incoming; slowdown: number }[] = []
  #head = 0
  #busy = 0
  #slots: number
  forward: Forward | undefined = undefined
  /** When each request came, in milliseconds of the run. */
  readonly arrivalsMs: number[] = []
  /** Requests that got a slot. */
  served = 0

  constructor(timeline: Timeline, options: QueueingServerOptions) {
    this.#timeline = timeline
    this.#options = options
    this.#slots = options.slots
  }

  /** What is being served goes on. */
  set slots(slots: number) {
    this.#slots = slots
    this.#startNext()
  }

  receive(incoming: Incoming): void {
    const { replica, eventAtMs, behave, random } = this.#options
    const nowMs = this.#timeline.now()
    this.arrivalsMs.push(nowMs)
    const does = behave({ eventMs: nowMs - eventAtMs, replica, path: incoming.path, random })
    switch (does.kind) {
      case 'serve':
        this.#queue.push({ incoming, slowdown: does.slowdown })
        this.#startNext()
        break
      case 'answer':
        this.#timeline.at(nowMs + atOnceMs, () => incoming.respond(does.status))
        break
      case 'refuse':
        this.#timeline.at(nowMs + atOnceMs, () => incoming.refuse())
        break
      case 'forward':
        this.forward?.(incoming)
        break
      default:
      // Nobody will ever answer.
    }
  }

  #startNext(): void {
    while (this.#busy < this.#slots && this.#head < this.#queue.length) {
      const next = this.#queue[this.#head++]
      if (this.#head > 1_000 && this.#head * 2 > this.#queue.length) {
        this.#queue.splice(0, this.#head)
        this.#head = 0
      }
      if (next !== undefined) this.#serve(next.incoming, next.slowdown)
    }
  }

  #serve(incoming: Incoming, slowdown: number): void {
    const { meanMs, random } = this.#options
    this.#busy++
    this.served++
    const serviceMs = -Math.log(1 - random()) * meanMs * slowdown
    this.#timeline.at(this.#timeline.now() + serviceMs, () => {
      this.#busy--
      incoming.respond(200)
      this.#startNext()
    })
  }
}
