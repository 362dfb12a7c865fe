import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Execution } from '../kernel/execution.js'
import { circuitBreaker } from './circuit-breaker.js'
import type { BreakerState, CircuitBreaker } from './circuit-breaker-interface.js'

const settings = {
  failureRatio: 0.5,
  minimumCalls: 4,
  windowMs: 1_000,
  connectionFailures: 3,
  outageMs: 250,
  openMs: 400,
  maxOpenMs: 1_000,
  probeTimeoutMs: 300,
} as const
const sliceMs = settings.windowMs / 10
const execution = {} as Execution

type Outcome = 'success' | 'failure' | 'connection' | 'neutral'

/** The breaker again, as slow and plain as can be: every outcome of the window kept, every time compared. */
class Model {
  now = 0
  #state: BreakerState = 'closed'
  #isolated = false
  #epoch = 0
  #outcomes: { readonly slice: number; readonly failed: boolean }[] = []
  #origin = 0
  #inARow = 0
  #failures: number[] = []
  #openings = 0
  #opensUntil = 0
  #probeAt: number | undefined

  get state(): BreakerState {
    return this.#isolated ? 'isolated' : this.#state
  }

  get counts() {
    const slice = this.#slice()
    const inWindow = this.#outcomes.filter((outcome) => outcome.slice > slice - 10)
    const failures = inWindow.filter(({ failed }) => failed).length
    return { successes: inWindow.length - failures, failures }
  }

  wait(ms: number): void {
    const until = this.now + ms
    if (this.#state === 'open' && this.#opensUntil <= until) this.#become('halfOpen')
    this.now = until
  }

  /** The epoch in which the call begins, or undefined when it is refused. */
  admit(): number | undefined {
    if (this.#isolated || this.#state === 'open') return undefined
    if (this.#state === 'closed') return this.#epoch
    if (this.#probeAt !== undefined) {
      if (this.now - this.#probeAt <= settings.probeTimeoutMs) return undefined
      this.#epoch++
    }
    this.#probeAt = this.now
    return this.#epoch
  }

  settle(epoch: number, outcome: Outcome): void {
    if (epoch !== this.#epoch) return
    const failed = outcome === 'failure' || outcome === 'connection'
    if (outcome !== 'neutral') this.#outcomes.push({ slice: this.#slice(), failed })
    if (this.#state === 'halfOpen') {
      if (failed) this.#open()
      else if (outcome === 'success') this.reset(false)
      else this.#probeAt = undefined
      return
    }
    if (outcome !== 'neutral') this.#inARow = outcome === 'connection' ? this.#inARow + 1 : 0
    if (outcome === 'success') this.#failures = []
    else if (failed) this.#failures.push(this.now)
    const isDown =
      this.#failures.length >= settings.minimumCalls &&
      this.now - (this.#failures[0] as number) >= settings.outageMs
    const { failures, successes } = this.counts
    const total = failures + successes
    const isBad = total >= settings.minimumCalls && failures / total >= settings.failureRatio
    if (failed && (isBad || isDown || this.#inARow >= settings.connectionFailures)) this.#open()
  }

  isolate(): void {
    this.#isolated = true
    this.#epoch++
  }

  reset(byHand: boolean): void {
    if (byHand) this.#isolated = false
    this.#openings = 0
    this.#outcomes = []
    this.#origin = this.now
    this.#become('closed')
  }

  #open(): void {
    const longest = Math.min(settings.maxOpenMs, 2 * settings.openMs * 2 ** this.#openings)
    this.#opensUntil = this.now + Math.max(longest / 2, settings.openMs)
    this.#openings++
    this.#become('open')
  }

  #become(state: BreakerState): void {
    this.#state = state
    this.#epoch++
    this.#inARow = 0
    this.#failures = []
    this.#probeAt = undefined
  }

  #slice(): number {
    return Math.floor((this.now - this.#origin) / sliceMs)
  }
}

interface Real {
  readonly breaker: CircuitBreaker
  readonly calls: { readonly ticket: number; readonly epoch: number }[]
}

type Event =
  | { begin: true }
  | { settle: Outcome; pick: number }
  | { wait: number }
  | { by: 'isolate' | 'reset' }

function apply(event: Event, model: Model, { breaker, calls }: Real): void {
  if ('begin' in event) {
    const epoch = model.admit()
    if (epoch === undefined) expect(() => breaker.admit(execution)).toThrow('the circuit is')
    else calls.push({ ticket: breaker.admit(execution), epoch })
  } else if ('settle' in event) {
    const [call] = calls.splice(event.pick % Math.max(1, calls.length), 1)
    if (call === undefined) return
    model.settle(call.epoch, event.settle)
    if (event.settle === 'success') breaker.succeeded(call.ticket, undefined, 0, performance.now())
    else breaker.failed(call.ticket, event.settle, execution, 0)
  } else if ('wait' in event) {
    model.wait(event.wait)
    vi.advanceTimersByTime(event.wait)
  } else if (event.by === 'isolate') {
    model.isolate()
    breaker.isolate()
  } else {
    model.reset(true)
    breaker.reset()
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('any sequence of calls, outcomes and waits', () => {
  it('leaves the breaker where the model is', () => {
    const outcome = fc.oneof(
      { weight: 3, arbitrary: fc.constant('success' as const) },
      { weight: 6, arbitrary: fc.constantFrom('failure' as const, 'connection' as const) },
      { weight: 1, arbitrary: fc.constant('neutral' as const) },
    )
    const event: fc.Arbitrary<Event> = fc.oneof(
      { weight: 8, arbitrary: fc.constant<Event>({ begin: true }) },
      { weight: 8, arbitrary: fc.record({ settle: outcome, pick: fc.nat(5) }) },
      { weight: 3, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 700 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({ by: fc.constantFrom('isolate' as const, 'reset' as const, 'reset' as const) }),
      },
    )
    const visited = new Map<BreakerState, number>()
    fc.assert(
      fc.property(fc.array(event, { minLength: 10, maxLength: 120 }), (events) => {
        const real: Real = {
          breaker: circuitBreaker({ ...settings, random: () => 0, classify: (error) => error as Outcome }),
          calls: [],
        }
        const model = new Model()
        for (const one of events) {
          apply(one, model, real)
          expect([real.breaker.state, real.breaker.counts]).toEqual([model.state, model.counts])
          visited.set(model.state, (visited.get(model.state) ?? 0) + 1)
        }
        real.breaker.shutdown()
        expect(vi.getTimerCount()).toBe(0)
      }),
      { numRuns: 400 },
    )
    expect([...visited.keys()].sort()).toEqual(['closed', 'halfOpen', 'isolated', 'open'])
  })
})
