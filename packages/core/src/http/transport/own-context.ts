import type { AsyncResource } from 'node:async_hooks'
import { Readable } from 'node:stream'

/**
 * Reads `inner` in the context of `owner`: undici reads a body in that of whoever opened the socket, and `inner` is
 * the caller's code.
 */
export class OwnContextSource extends Readable {
  readonly #inner: Readable
  readonly #owner: AsyncResource

  constructor(inner: Readable, owner: AsyncResource) {
    super({ highWaterMark: 1 })
    this.#inner = inner
    this.#owner = owner
    inner.on('data', (chunk: Buffer | string) => {
      if (!this.push(chunk)) inner.pause()
    })
    inner.once('end', () => this.push(null))
    inner.once('error', (error) => this.destroy(error))
    inner.once('close', () => {
      if (!inner.readableEnded) this.destroy(inner.errored ?? new Error('it was closed before its end'))
    })
    inner.pause()
  }

  override _read(): void {
    this.#owner.runInAsyncScope(() => this.#inner.resume())
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#owner.runInAsyncScope(() => {
      if (!this.#inner.destroyed) this.#inner.on('error', ignore).destroy(error ?? undefined)
    })
    callback(error)
  }
}

function ignore(): void {}
