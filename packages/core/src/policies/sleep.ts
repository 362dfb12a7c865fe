import { isHoldfastError } from '../errors/index.js'
import type { Abortable, Execution } from './execution.js'

/** Waits `ms` milliseconds; rejects at once with the reason when the execution is aborted. */
export function sleep(ms: number, execution: Execution): Promise<void> {
  return new Promise((resolve, reject) => {
    new Sleeper(execution, resolve, reject).start(ms)
  })
}

class Sleeper implements Abortable {
  readonly #execution: Execution
  readonly #resolve: () => void
  readonly #reject: (reason: unknown) => void
  #timer: NodeJS.Timeout | undefined = undefined

  constructor(execution: Execution, resolve: () => void, reject: (reason: unknown) => void) {
    this.#execution = execution
    this.#resolve = resolve
    this.#reject = reject
  }

  start(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#execution.detach(this)
      this.#resolve()
    }, ms)
    this.#execution.attach(this)
  }

  abort(reason: unknown): void {
    clearTimeout(this.#timer)
    if (isHoldfastError(reason)) reason.phase ??= 'backoff'
    this.#reject(reason)
  }
}
