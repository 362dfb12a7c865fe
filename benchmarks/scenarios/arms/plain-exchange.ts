import type { Dispatcher } from 'undici'
import { StatusError } from './arm.js'

/**
 * One attempt through a dispatcher, with a time limit: what `undici.request` does without its streams and abort
 * signals, which would take most of the time of a simulation and change nothing in it.
 */
export class PlainExchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (status: number) => void
  readonly #reject: (error: Error) => void
  readonly #timer: NodeJS.Timeout
  readonly #signal: AbortSignal | undefined
  #controller: Dispatcher.DispatchController | undefined = undefined
  #status = 0

  constructor(
    resolve: (status: number) => void,
    reject: (error: Error) => void,
    { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
  ) {
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = setTimeout(() => this.#controller?.abort(new Error('timed out')), timeoutMs)
    this.#signal = signal
    signal?.addEventListener('abort', this.#abort)
  }

  readonly #abort = () => {
    this.#controller?.abort(new Error('aborted'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(_: unknown, status: number): void {
    this.#status = status
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.#end()
    if (this.#status < 400) this.#resolve(this.#status)
    else this.#reject(new StatusError(this.#status))
  }

  onResponseError(_: unknown, error: Error): void {
    this.#end()
    this.#reject(error)
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#abort)
  }
}
