import type { Dispatcher } from 'undici'
import type { ResponseHeaders } from '../../foundation/errors/index.js'

/** A response that comes from anywhere but a socket. */
export interface ScriptedResponse {
  readonly status: number
  readonly statusText?: string
  readonly headers: ResponseHeaders
  readonly body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | undefined
}

/** Finds the response to a request; `signal` aborts when nobody wants it any more. */
export type Responder = (
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
) => Promise<ScriptedResponse>

/** One request and the response that somebody finds for it, reported the way undici's dispatchers report theirs. */
export class DispatchExchange implements Dispatcher.DispatchController {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #controller = new AbortController()
  #isOver = false
  #resumed: (() => void) | undefined = undefined
  paused = false

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler
  }

  get aborted(): boolean {
    return this.#controller.signal.aborted
  }

  get reason(): Error | null {
    return this.aborted ? (this.#controller.signal.reason as Error) : null
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.#resumed?.()
  }

  /** Tells the handler at once: whoever finds the response may not listen to the signal. */
  abort(reason: Error): void {
    if (this.#isOver || this.aborted) return
    this.#controller.abort(reason)
    // Not `queueMicrotask`, which fake timers replace as well.
    void Promise.resolve().then(() => this.#fail(reason))
    this.resume()
  }

  /** Never rejects. */
  async run(options: Dispatcher.DispatchOptions, respond: Responder): Promise<void> {
    try {
      this.#handler.onRequestStart?.(this, {})
      if (this.aborted) return
      const response = await respond(options, this.#controller.signal)
      if (this.aborted) return await closeBody(response.body)
      this.#handler.onResponseStart?.(this, response.status, response.headers, response.statusText ?? '')
      await this.#read(response.body)
      if (this.aborted) return
      this.#isOver = true
      this.#handler.onResponseEnd?.(this, {})
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  async #read(body: ScriptedResponse['body']): Promise<void> {
    for await (const chunk of body ?? []) {
      if (this.paused) {
        await new Promise<void>((resolve) => {
          this.#resumed = resolve
        })
      }
      if (this.aborted) return
      this.#handler.onResponseData?.(this, Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    }
  }

  #fail(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#controller.abort(error)
    this.#handler.onResponseError?.(this, error)
  }
}

async function closeBody(body: ScriptedResponse['body']): Promise<void> {
  if (body === undefined) return
  if (Symbol.asyncIterator in body) await body[Symbol.asyncIterator]().return?.()
  else body[Symbol.iterator]().return?.()
}
