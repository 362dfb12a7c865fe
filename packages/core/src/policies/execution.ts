import { AbortedError, type HoldfastError } from '../errors/index.js'

/** Something that can be told to stop. */
export interface Abortable {
  abort(reason: unknown): void
}

/** One step of a composed pipeline: does its part and calls the next step. */
export type Step = (execution: Execution) => Promise<unknown>

/** What a protected function is told about the call that it serves. */
export interface ExecutionContext {
  /** Aborts when the attempt's or the call's time is up, or the caller gives up. Created when first read. */
  readonly signal: AbortSignal
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Whether this is the extra leg of a hedged call. */
  readonly hedged: boolean
  /** Milliseconds left of all timeouts around; `Infinity` without one. */
  remainingMs(): number
}

/** The work that a call protects. */
export type Work = (context: ExecutionContext) => unknown

/** `setTimeout` may fire this much too early by the clock of `performance.now()`. */
const timerSlackMs = 1

/**
 * One call on its way through the policies, or one part of it that can be cancelled by itself.
 *
 * The parts form a tree: `timeout` and `hedge` fork one, everybody else passes on what it was given. An abort
 * travels down the tree. All parts of a call share one timer, and nothing allocates an `AbortController`
 * until somebody reads `signal`: on Node 20 a controller with a listener costs more than the rest of the call.
 */
export class Execution implements ExecutionContext, Abortable {
  readonly #call: Call
  readonly #parent: Execution | undefined
  attempt: number
  hedged: boolean
  /** When the time is up, by `performance.now()`; `Infinity` without a timeout. */
  deadline: number
  #expiry: (() => HoldfastError) | undefined = undefined
  #aborted = false
  #reason: unknown = undefined
  #attached: Abortable | Abortable[] | undefined = undefined
  #controller: AbortController | undefined = undefined
  #lingering: Promise<unknown>[] | undefined = undefined

  private constructor(call: Call, parent: Execution | undefined) {
    this.#call = call
    this.#parent = parent
    this.attempt = parent === undefined ? 1 : parent.attempt
    this.hedged = parent === undefined ? false : parent.hedged
    this.deadline = parent === undefined ? Number.POSITIVE_INFINITY : parent.deadline
  }

  /** Starts a call. `data` is for whoever started it: policies pass it on in their events and never look inside. */
  static start(work: Work, data?: unknown): Execution {
    return new Execution(new Call(work, data), undefined)
  }

  get work(): Work {
    return this.#call.work
  }

  get data(): unknown {
    return this.#call.data
  }

  get aborted(): boolean {
    return this.#aborted
  }

  /** Why it was aborted. */
  get reason(): unknown {
    return this.#reason
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  remainingMs(): number {
    return this.deadline === Number.POSITIVE_INFINITY
      ? this.deadline
      : Math.max(0, this.deadline - performance.now())
  }

  /** A part that can be cancelled without the rest. Call `release()` when it has settled. */
  fork(): Execution {
    const part = new Execution(this.#call, this)
    if (this.#aborted) part.abort(this.#reason)
    else this.attach(part)
    return part
  }

  /** Ends a fork: it hears of no more aborts and its timeout is forgotten. */
  release(): void {
    this.#parent?.detach(this)
    if (this.#expiry !== undefined) {
      this.#expiry = undefined
      this.#call.forget(this)
    }
  }

  /** Aborts this part with `error()` in `ms` milliseconds, unless a timeout around it comes first. */
  expireIn(ms: number, error: () => HoldfastError): void {
    const at = performance.now() + ms
    if (at >= this.deadline) return
    this.deadline = at
    this.#expiry = error
    this.#call.remember(this)
  }

  /**
   * Makes sure that the timer runs. To be called once the next step has been called, so that the innermost
   * timeout, which is due first, sets the only timer of the call.
   */
  arm(): void {
    this.#call.arm()
  }

  /** For the call's timer. */
  expire(): void {
    const error = this.#expiry
    this.#expiry = undefined
    if (error !== undefined) this.abort(error())
  }

  abort(reason: unknown): void {
    if (this.#aborted) return
    this.#aborted = true
    this.#reason = reason
    const attached = this.#attached
    this.#attached = undefined
    if (Array.isArray(attached)) for (const one of attached) one.abort(reason)
    else attached?.abort(reason)
    this.#controller?.abort(reason)
  }

  /** Has `listener` told of an abort, at once if it has happened. */
  attach(listener: Abortable): void {
    if (this.#aborted) listener.abort(this.#reason)
    else if (this.#attached === undefined) this.#attached = listener
    else if (Array.isArray(this.#attached)) this.#attached.push(listener)
    else this.#attached = [this.#attached, listener]
  }

  detach(listener: Abortable): void {
    if (this.#attached === listener) this.#attached = undefined
    else if (Array.isArray(this.#attached)) {
      const index = this.#attached.indexOf(listener)
      if (index !== -1) this.#attached.splice(index, 1)
    }
  }

  /**
   * Says that work goes on after the step that did it has settled: an aborted function that does not listen, a
   * response that is still being streamed. A bulkhead keeps the permit until `work` settles.
   */
  linger(work: Promise<unknown>): void {
    for (let part: Execution | undefined = this; part !== undefined; part = part.#parent) {
      part.#lingering ??= []
      part.#lingering.push(work)
    }
  }

  /** How often `linger` was called below this part. */
  get lingered(): number {
    return this.#lingering === undefined ? 0 : this.#lingering.length
  }

  /** Settles, without a value, when the work left behind since `lingered` was `mark` has ended. */
  async settled(mark: number): Promise<void> {
    await Promise.allSettled(this.#lingering?.slice(mark) ?? [])
  }

  /** Follows the caller's signal until `unfollow`. An `EventTarget` takes this very object as the listener. */
  follow(signal: AbortSignal): void {
    if (signal.aborted) this.abort(new AbortedError(undefined, { cause: signal.reason }))
    else signal.addEventListener('abort', this)
  }

  unfollow(signal: AbortSignal): void {
    signal.removeEventListener('abort', this)
  }

  handleEvent(event: { readonly target: unknown }): void {
    this.abort(new AbortedError(undefined, { cause: (event.target as AbortSignal).reason }))
  }
}

/** What all parts of a call share: the work, and the one timer. */
class Call {
  readonly work: Work
  readonly data: unknown
  readonly #expiring: Execution[] = []
  #timer: NodeJS.Timeout | undefined = undefined
  #armedFor = Number.POSITIVE_INFINITY

  constructor(work: Work, data: unknown) {
    this.work = work
    this.data = data
  }

  remember(part: Execution): void {
    this.#expiring.push(part)
  }

  forget(part: Execution): void {
    const expiring = this.#expiring
    if (expiring[expiring.length - 1] === part) expiring.pop()
    else {
      const index = expiring.indexOf(part)
      if (index !== -1) expiring.splice(index, 1)
    }
    if (expiring.length === 0) this.#disarm()
  }

  arm(): void {
    let earliest = Number.POSITIVE_INFINITY
    for (const { deadline } of this.#expiring) if (deadline < earliest) earliest = deadline
    if (earliest >= this.#armedFor) return
    this.#disarm()
    this.#armedFor = earliest
    this.#timer = setTimeout(fire, earliest - performance.now(), this)
  }

  fire(): void {
    this.#timer = undefined
    this.#armedFor = Number.POSITIVE_INFINITY
    const now = performance.now() + timerSlackMs
    const due = this.#expiring.filter((part) => part.deadline <= now)
    for (const part of due) this.#expiring.splice(this.#expiring.indexOf(part), 1)
    // Outermost first: where a total and an attempt's timeout are due together, the total one speaks.
    for (const part of due) part.expire()
    this.arm()
  }

  #disarm(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    this.#timer = undefined
    this.#armedFor = Number.POSITIVE_INFINITY
  }
}

function fire(call: Call): void {
  call.fire()
}
