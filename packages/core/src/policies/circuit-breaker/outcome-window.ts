import { EventEmitter } from 'node:events'
import { ObservedOpossum, type OpossumBreaker } from './observed-opossum.js'

const buckets = 10
const noop = async (): Promise<void> => {}

type ObservedEvent = 'fire' | 'success' | 'failure' | 'reject'

/** What opossum counts in one slice of its window; its type declarations know only the sums. */
interface Slice {
  readonly successes: number
  readonly failures: number
}

interface OpossumInternals {
  readonly status: {
    increment(property: 'successes' | 'failures' | 'rejects' | 'fires', latencyMs?: number): void
    readonly window: readonly Slice[]
  }
  readonly options: { resetTimeout: number; rollingCountTimeout: number }
}

/**
 * opossum's rolling window and state, driven from outside.
 *
 * `fire()` is never called: it counts calls in flight and rejected ones in its rate, reports a filtered error as a
 * success, and lets a listener's exception leave a call unsettled. The window turns when it is looked at, by the
 * clock of `performance.now()`, so that a breaker has no interval of its own and none to forget.
 */
export class OutcomeWindow {
  readonly #breaker: ObservedOpossum
  readonly #internals: OpossumInternals
  readonly #turn = new EventEmitter()
  #sliceMs: number
  /** opossum's own listeners, which would count an outcome again: everybody else is told of it. */
  readonly #own: Readonly<Record<ObservedEvent, ReadonlySet<unknown>>>
  #turnedAt = performance.now()

  constructor(name: string, windowMs: number) {
    this.#sliceMs = windowMs / buckets
    this.#breaker = new ObservedOpossum(noop, {
      name,
      timeout: false,
      rollingCountTimeout: windowMs,
      rollingCountBuckets: buckets,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.#turn,
    })
    this.#breaker.setMaxListeners(0)
    this.#internals = this.#breaker as unknown as OpossumInternals
    const own = (event: ObservedEvent): ReadonlySet<unknown> => new Set(this.#breaker.rawListeners(event))
    this.#own = {
      fire: own('fire'),
      success: own('success'),
      failure: own('failure'),
      reject: own('reject'),
    }
  }

  get breaker(): OpossumBreaker {
    return this.#breaker
  }

  /** Whether somebody listens to outcomes on the opossum instance, and so wants latencies. */
  get observed(): boolean {
    return this.#observes('success') || this.#observes('failure')
  }

  /** Counts a settled call. `startedAt` is 0 for a call that nobody times. */
  record(outcome: 'success' | 'failure', now: number, startedAt: number, result: unknown): void {
    this.#advance(now)
    this.#fired()
    this.#internals.status.increment(outcome === 'success' ? 'successes' : 'failures')
    if (this.#observes(outcome)) this.#tell(outcome, result, startedAt === 0 ? 0 : now - startedAt)
  }

  reject(): void {
    this.#fired()
    this.#internals.status.increment('rejects')
    if (this.#observes('reject')) this.#tell('reject', new Error('the circuit is open'))
  }

  counts(now: number): { readonly successes: number; readonly failures: number } {
    this.#advance(now)
    let successes = 0
    let failures = 0
    for (const slice of this.#internals.status.window) {
      successes += slice.successes
      failures += slice.failures
    }
    return { successes, failures }
  }

  open(durationMs: number): void {
    this.#internals.options.resetTimeout = durationMs
    this.#breaker.open()
  }

  /** Opens anew for another time. Nobody is told: to who listens it has been open all along. */
  retime(durationMs: number): void {
    this.#breaker.quietly(() => {
      this.#breaker.close()
      this.open(durationMs)
    })
  }

  /** Closes, with nothing counted: opossum's window outlives its `close()`. */
  close(): void {
    for (let turned = 0; turned < buckets; turned++) this.#turn.emit('rotate')
    this.#turnedAt = performance.now()
    this.#breaker.close()
  }

  /** Another length. What has been counted stays, and ages at the new pace. */
  resize(windowMs: number): void {
    this.#advance(performance.now())
    this.#sliceMs = windowMs / buckets
    this.#internals.options.rollingCountTimeout = windowMs
  }

  #advance(now: number): void {
    let due = Math.floor((now - this.#turnedAt) / this.#sliceMs)
    if (due <= 0) return
    this.#turnedAt += due * this.#sliceMs
    for (due = Math.min(due, buckets); due > 0; due--) this.#turn.emit('rotate')
  }

  /** opossum counts a call when it is made; here, when its outcome is known. */
  #fired(): void {
    this.#internals.status.increment('fires')
    if (this.#observes('fire')) this.#tell('fire', [])
  }

  #observes(event: ObservedEvent): boolean {
    return this.#breaker.listenerCount(event) > this.#own[event].size
  }

  #tell(event: ObservedEvent, ...args: unknown[]): void {
    const others = this.#breaker.rawListeners(event).filter((listener) => !this.#own[event].has(listener))
    this.#breaker.notify(event, others, args)
  }
}
