import type { Timeline } from '../model/timeline.js'
import { type Event, EventHeap } from './event-heap.js'

/** Code that asks whether a time was set compares it with 0, so time does not begin there. */
const bootMs = 100_000
const epochMs = Date.UTC(2025, 0, 1)
/** Immediates a turn of Node's event loop; between two of them it runs all microtasks and ticks. */
const eventsPerTurn = 64

const globals = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
] as const

/**
 * Virtual time behind the global timers, `performance.now()` and `Date.now()`, and seeded chance behind `Math.random`.
 *
 * Beside a fake-timer library it keeps due times as floating point numbers for those who want them, and costs less
 * than a microsecond an event with thousands of timers waiting. Timers set through the globals have Node's whole
 * milliseconds.
 */
export class VirtualClock implements Timeline {
  readonly #heap = new EventHeap()
  #order = 0
  #nowMs = 0

  now(): number {
    return this.#nowMs
  }

  at(ms: number, run: () => void): void {
    this.#plan(ms, run)
  }

  #plan(atMs: number, run: () => void): Event {
    const event: Event = { atMs: Math.max(atMs, this.#nowMs), order: this.#order++, run }
    this.#heap.push(event)
    return event
  }

  /** Puts this clock, and `random`, in the place of the globals; returns what takes it away again. */
  install(random: () => number): () => void {
    const saved = globals.map((name) => [name, globalThis[name]] as const)
    const { now: realNow } = performance
    const { now: realDate } = Date
    const { random: realRandom } = Math
    Object.assign(globalThis, this.#timers())
    performance.now = () => bootMs + this.#nowMs
    Date.now = () => epochMs + Math.floor(this.#nowMs)
    Math.random = random
    return () => {
      Object.assign(globalThis, Object.fromEntries(saved))
      performance.now = realNow
      Date.now = realDate
      Math.random = realRandom
    }
  }

  #timers(): Record<(typeof globals)[number], unknown> {
    const clear = (timer: unknown) => {
      if (timer instanceof VirtualTimer) timer.close()
    }
    const start = (run: (...given: unknown[]) => void, ms: number | undefined, given: unknown[]) => {
      const timer = new VirtualTimer((atMs, fire) => this.#plan(this.#nowMs + atMs, fire))
      timer.begin(() => run(...given), wholeMs(ms))
      return timer
    }
    return {
      setTimeout: (run: () => void, ms?: number, ...given: unknown[]) => start(run, ms, given),
      setInterval: (run: () => void, ms?: number, ...given: unknown[]) => {
        const timer = start(run, ms, given)
        timer.repeats = true
        return timer
      },
      setImmediate: (run: (...given: unknown[]) => void, ...given: unknown[]) => {
        const timer = new VirtualTimer((atMs, fire) => this.#plan(this.#nowMs + atMs, fire))
        timer.begin(() => run(...given), 0)
        return timer
      },
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
    }
  }

  /** Lives through everything up to that moment; microtasks run to their end between two events. */
  runUntil(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOver = false
      const step = () => {
        if (isOver) return
        try {
          isOver = !this.#step(untilMs)
          if (isOver) resolve()
        } catch (error) {
          isOver = true
          reject(error)
        }
      }
      const turn = () => {
        for (let left = eventsPerTurn; left > 1; left--) nextImmediate(step)
        nextImmediate(() => {
          step()
          if (!isOver) turn()
        })
      }
      turn()
    })
  }

  #step(untilMs: number): boolean {
    let next = this.#heap.next
    while (next !== undefined && next.run === undefined) {
      this.#heap.pop()
      next = this.#heap.next
    }
    if (next === undefined || next.atMs > untilMs) {
      this.#nowMs = untilMs
      return false
    }
    this.#heap.pop()
    this.#nowMs = next.atMs
    next.run?.()
    return true
  }
}

/** Kept from before any clock was installed. */
const nextImmediate = setImmediate

/** What Node makes of a timer's milliseconds. */
function wholeMs(ms: number | undefined): number {
  return ms !== undefined && ms >= 1 && ms <= 0x7f_ff_ff_ff ? Math.trunc(ms) : 1
}

class VirtualTimer {
  readonly #plan: (delayMs: number, fire: () => void) => Event
  #event: Event | undefined = undefined
  #run: () => void = () => {}
  #delayMs = 0
  repeats = false

  constructor(plan: (delayMs: number, fire: () => void) => Event) {
    this.#plan = plan
  }

  begin(run: () => void, delayMs: number): void {
    this.#run = run
    this.#delayMs = delayMs
    this.refresh()
  }

  refresh(): this {
    this.close()
    this.#event = this.#plan(this.#delayMs, () => {
      this.#event = undefined
      if (this.repeats) this.refresh()
      this.#run()
    })
    return this
  }

  close(): this {
    if (this.#event !== undefined) this.#event.run = undefined
    this.#event = undefined
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }
}
