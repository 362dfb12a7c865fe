import type { Dispatcher } from 'undici'

/** The least that undici's `dispatch` can be given to read a JSON body. */
export class LeanHandler implements Dispatcher.DispatchHandler {
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: Error) => void
  #body: Buffer | undefined = undefined

  constructor(resolve: (value: unknown) => void, reject: (error: Error) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  onRequestStart(): void {}

  onResponseStart(): void {}

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#body = this.#body === undefined ? chunk : Buffer.concat([this.#body, chunk])
  }

  onResponseEnd(): void {
    this.#resolve(JSON.parse((this.#body ?? '').toString()))
  }

  onResponseError(_: unknown, error: Error): void {
    this.#reject(error)
  }
}
