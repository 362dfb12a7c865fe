/** What is due at some time; one place in one queue at most. */
export interface Due {
  dueAt: number
  earlier: Due | undefined
  later: Due | undefined
  queue: { remove(due: Due): void } | undefined
  fire(): void
}

/** `setTimeout` may fire this much too early by the clock of `performance.now()`. */
export const timerSlackMs = 1

/**
 * Everything that is due after the same number of milliseconds, in the order of its arrival, behind one timer of
 * Node's: a place in a list costs less than half of a `setTimeout` and a `clearTimeout`. The timer runs only while
 * somebody waits, so nothing is left behind.
 */
class TimeoutQueue {
  readonly #ms: number
  #first: Due | undefined = undefined
  #last: Due | undefined = undefined
  #timer: NodeJS.Timeout | undefined = undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  add(due: Due, now: number): void {
    due.dueAt = now + this.#ms
    due.queue = this
    due.earlier = this.#last
    if (this.#last === undefined) this.#first = due
    else this.#last.later = due
    this.#last = due
    if (this.#timer === undefined) this.#timer = setTimeout(fireDue, this.#ms, this)
  }

  remove(due: Due): void {
    this.#unlink(due)
    if (this.#first !== undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#drop()
  }

  fireDue(): void {
    const now = performance.now()
    this.#timer = undefined
    for (let due = this.#first; due !== undefined && due.dueAt <= now + timerSlackMs; due = this.#first) {
      this.#unlink(due)
      due.fire()
    }
    if (this.#first === undefined) {
      this.#drop()
      return
    }
    // What has fired may have come back here behind others, with a timer that is too late for them.
    clearTimeout(this.#timer)
    this.#timer = setTimeout(fireDue, Math.max(0, this.#first.dueAt - now), this)
  }

  #drop(): void {
    if (queues.get(this.#ms) === this) queues.delete(this.#ms)
  }

  #unlink(due: Due): void {
    if (due.earlier === undefined) this.#first = due.later
    else due.earlier.later = due.later
    if (due.later === undefined) this.#last = due.earlier
    else due.later.earlier = due.earlier
    due.queue = undefined
    due.earlier = undefined
    due.later = undefined
  }
}

/** By milliseconds; a queue is dropped when nobody waits in it. */
const queues = new Map<number, TimeoutQueue>()

/** What is left of a sum of floating point numbers. */
const epsilonMs = 1e-6

/** Has `due` fired in `delayMs` milliseconds, rounded up to whole ones, as `setTimeout` would. */
export function schedule(due: Due, delayMs: number, now: number): void {
  const ms = Math.max(1, Math.ceil(delayMs - epsilonMs))
  let queue = queues.get(ms)
  if (queue === undefined) {
    queue = new TimeoutQueue(ms)
    queues.set(ms, queue)
  }
  queue.add(due, now)
}

/** Takes `due` out again, if it waits. */
export function cancel(due: Due): void {
  due.queue?.remove(due)
}

function fireDue(queue: TimeoutQueue): void {
  queue.fireDue()
}
