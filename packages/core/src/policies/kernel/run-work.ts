import { isThenable } from '../../foundation/cancellation/index.js'
import type { Abortable, Execution } from './execution.js'

/**
 * The innermost step: calls the protected function. Settles at once when the execution is aborted, and then says
 * that the function, which may not listen to its signal, is still running.
 */
export function runWork(execution: Execution): Promise<unknown> {
  if (execution.aborted) return Promise.reject(execution.reason)
  let work: Promise<unknown>
  try {
    const result = execution.work(execution)
    if (!isThenable(result)) return Promise.resolve(result)
    // A query builder runs its query every time `then` is called, so it is called once.
    work = result instanceof Promise ? result : Promise.resolve(result)
  } catch (error) {
    return Promise.reject(error)
  }
  return untilAborted(execution, work)
}

/** Settles as `work` does, or at once when the execution is aborted; `work` then lingers on the execution. */
export function untilAborted(execution: Execution, work: PromiseLike<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const running = new RunningWork(execution, work, reject)
    execution.attach(running)
    work.then(
      (value) => {
        execution.detach(running)
        resolve(value)
      },
      (error) => {
        execution.detach(running)
        reject(error)
      },
    )
  })
}

class RunningWork implements Abortable {
  readonly #execution: Execution
  readonly #work: PromiseLike<unknown>
  readonly #reject: (reason: unknown) => void

  constructor(execution: Execution, work: PromiseLike<unknown>, reject: (reason: unknown) => void) {
    this.#execution = execution
    this.#work = work
    this.#reject = reject
  }

  abort(reason: unknown): void {
    this.#execution.linger(this.#work)
    this.#reject(reason)
  }
}
