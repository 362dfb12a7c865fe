import { cancel, type Due, schedule, timerSlackMs } from '../../foundation/cancellation/index.js'

/** A part of a call that has a timeout. */
interface Expiring {
  readonly deadline: number
  expiresWithin: this | undefined
  expire(): void
}

/** The one timer of a call. What may expire is a list of a few, linked from the innermost outwards. */
export class CallTimer implements Due {
  dueAt = Number.POSITIVE_INFINITY
  earlier: Due | undefined = undefined
  later: Due | undefined = undefined
  queue: Due['queue'] = undefined
  #innermost: Expiring | undefined = undefined

  remember(part: Expiring): void {
    part.expiresWithin = this.#innermost
    this.#innermost = part
  }

  forget(part: Expiring): void {
    this.#unlink(part)
    if (this.#innermost === undefined) this.#disarm()
  }

  arm(now: number): void {
    let earliest = Number.POSITIVE_INFINITY
    for (let part = this.#innermost; part !== undefined; part = part.expiresWithin) {
      if (part.deadline < earliest) earliest = part.deadline
    }
    if (earliest >= this.dueAt) return
    this.#disarm()
    schedule(this, earliest - now, now)
  }

  fire(): void {
    this.dueAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    const due: Expiring[] = []
    for (let part = this.#innermost; part !== undefined; part = part.expiresWithin) {
      if (part.deadline <= now + timerSlackMs) due.push(part)
    }
    for (const part of due) this.#unlink(part)
    // Outermost first: where a total and an attempt's timeout are due together, the total one speaks.
    for (const part of due.reverse()) part.expire()
    this.arm(now)
  }

  #unlink(part: Expiring): void {
    if (this.#innermost === part) {
      this.#innermost = part.expiresWithin
      return
    }
    let inner = this.#innermost
    while (inner !== undefined && inner.expiresWithin !== part) inner = inner.expiresWithin
    if (inner !== undefined) inner.expiresWithin = part.expiresWithin
  }

  #disarm(): void {
    cancel(this)
    this.dueAt = Number.POSITIVE_INFINITY
  }
}
