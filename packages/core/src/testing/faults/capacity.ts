import { OptionCheck } from '../../foundation/config/index.js'
import { answer } from './answer.js'
import type { Exchange, Fault, Next } from './fault.js'

/** Options of `capacity`. */
export interface CapacityOptions {
  /** How many requests are worked on at a time. */
  readonly slots: number
  /** How many may wait for a slot, first come first served; those beyond are answered with 503. @default Infinity */
  readonly queue?: number | undefined
}

/** A number of slots, shared by every route that is given the same object. */
export interface Capacity extends Fault {
  /** Slots in use. */
  readonly busy: number
  /** Requests waiting for a slot. */
  readonly queued: number
  /** The longest the queue has been. */
  readonly peakQueued: number
  /** Requests answered with 503 because the queue was full. */
  readonly refused: number
  /** Changes the number of slots. Work that has begun is finished. */
  resize(slots: number): void
}

/**
 * Bounds how many requests are worked on at a time. A slot is held until the work behind it has ended, and a waiting
 * request gets its turn, also when its client has long gone: that is what makes an overloaded service do work for
 * nobody. Such work is counted as `abandoned` in `stats()`. A listener tells the end of its work by ending the
 * response or, if its client has gone, 10 s later at the latest.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { answer, capacity, delay, exponential, faultServer } from '@holdfast/core/testing'
 *
 * const slots = capacity({ slots: 10 })
 * await using server = await faultServer({ routes: { '*': [slots, delay(exponential(10)), answer(200)] } })
 * slots.resize(2)
 * ```
 */
export function capacity(options: CapacityOptions): Capacity {
  const check = new OptionCheck('capacity()')
  if (check.object('', options ?? null, ['slots', 'queue'])) {
    check.number('slots', options.slots ?? null, { min: 0, integer: true })
    if (options.queue !== Number.POSITIVE_INFINITY)
      check.number('queue', options.queue, { min: 0, integer: true })
  }
  check.done()
  return new Slots(options.slots, options.queue ?? Number.POSITIVE_INFINITY)
}

class Slots implements Capacity {
  readonly kind = ''
  readonly #queue: number
  readonly #refuse = answer(503)
  #slots: number
  #busy = 0
  #waiting: (() => void)[] = []
  #peakQueued = 0
  #refused = 0

  constructor(slots: number, queue: number) {
    this.#slots = slots
    this.#queue = queue
  }

  get busy(): number {
    return this.#busy
  }

  get queued(): number {
    return this.#waiting.length
  }

  get peakQueued(): number {
    return this.#peakQueued
  }

  get refused(): number {
    return this.#refused
  }

  resize(slots: number): void {
    const check = new OptionCheck('resize()')
    check.number('slots', slots ?? null, { min: 0, integer: true })
    check.done()
    this.#slots = slots
    this.#admit()
  }

  async apply(exchange: Exchange, next: Next): Promise<void> {
    if (this.#busy >= this.#slots && this.#waiting.length >= this.#queue) {
      this.#refused++
      exchange.faults.push('refused')
      return this.#refuse.apply(exchange, next)
    }
    await this.#slot()
    try {
      await next()
    } finally {
      this.#busy--
      this.#admit()
    }
  }

  #slot(): Promise<void> | undefined {
    if (this.#busy < this.#slots) {
      this.#busy++
      return undefined
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#peakQueued = Math.max(this.#peakQueued, this.#waiting.length)
    })
  }

  #admit(): void {
    while (this.#busy < this.#slots) {
      const admit = this.#waiting.shift()
      if (admit === undefined) return
      this.#busy++
      admit()
    }
  }
}
