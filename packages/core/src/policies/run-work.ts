import type { Abortable, Execution } from './execution.js'

/**
 * The innermost step: calls the protected function. Settles at once when the execution is aborted, and then says
 * that the function, which may not listen to its signal, is still running.
 */
export function runWork(execution: Execution): Promise<unknown> {
  if (execution.aborted) return Promise.reject(execution.reason)
  return new Promise((resolve, reject) => {
    new RunningWork(execution, resolve, reject).start()
  })
}

class RunningWork implements Abortable {
  readonly #execution: Execution
  readonly #resolve: (value: unknown) => void
  readonly #reject: (reason: unknown) => void
  #running: Promise<unknown> | undefined = undefined

  constructor(execution: Execution, resolve: (value: unknown) => void, reject: (reason: unknown) => void) {
    this.#execution = execution
    this.#resolve = resolve
    this.#reject = reject
  }

  start(): void {
    let result: unknown
    try {
      result = this.#execution.work(this.#execution)
    } catch (error) {
      this.#reject(error)
      return
    }
    if (!isThenable(result)) {
      this.#resolve(result)
      return
    }
    this.#running = result instanceof Promise ? result : Promise.resolve(result)
    this.#execution.attach(this)
    this.#running.then(
      (value) => {
        this.#execution.detach(this)
        this.#resolve(value)
      },
      (error) => {
        this.#execution.detach(this)
        this.#reject(error)
      },
    )
  }

  abort(reason: unknown): void {
    if (this.#running !== undefined) this.#execution.linger(this.#running)
    this.#reject(reason)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
