import { isHoldfastError, NoEndpointsError } from '../../foundation/errors/index.js'
import type { Abortable, Execution } from '../../policies/index.js'

/** Calls that came before a resolver had answered, and wait for it. */
export class FirstAnswer {
  readonly #waiters = new Set<Waiter>()

  get waiting(): number {
    return this.#waiters.size
  }

  wait(execution: Execution): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(this.#waiters, execution, resolve, reject)
      this.#waiters.add(waiter)
      execution.attach(waiter)
      if (!execution.aborted) execution.arm()
    })
  }

  /** Lets everybody go on. */
  open(): void {
    for (const waiter of [...this.#waiters]) waiter.settle(undefined)
  }

  /** Fails everybody, each with an error of its own: a call's error is told the call's attempts and time. */
  fail(error: () => NoEndpointsError): void {
    for (const waiter of [...this.#waiters]) waiter.settle(error())
  }
}

class Waiter implements Abortable {
  readonly #waiters: Set<Waiter>
  readonly #execution: Execution
  readonly #resolve: () => void
  readonly #reject: (reason: unknown) => void

  constructor(
    waiters: Set<Waiter>,
    execution: Execution,
    resolve: () => void,
    reject: (reason: unknown) => void,
  ) {
    this.#waiters = waiters
    this.#execution = execution
    this.#resolve = resolve
    this.#reject = reject
  }

  settle(error: NoEndpointsError | undefined): void {
    this.#waiters.delete(this)
    this.#execution.detach(this)
    if (error === undefined) this.#resolve()
    else this.#reject(error)
  }

  abort(reason: unknown): void {
    this.#waiters.delete(this)
    this.#reject(isOutOfTime(reason) ? tooSlow(reason) : reason)
  }
}

function isOutOfTime(reason: unknown): boolean {
  return isHoldfastError(reason) && (reason.code === 'DEADLINE_EXCEEDED' || reason.code === 'ATTEMPT_TIMEOUT')
}

function tooSlow(cause: unknown): NoEndpointsError {
  const message = 'the resolver had named no endpoint when the call ran out of time'
  return new NoEndpointsError(message, { phase: 'lookup', cause })
}
