import { Readable } from 'node:stream'
import { type Dispatcher, errors } from 'undici'
import { fetchHeaders, responseHeaders } from './fetch-headers.js'
import { networkError } from './network-error.js'

/** One request by `fetch`, reported the way undici's dispatchers report theirs. */
export class FetchExchange implements Dispatcher.DispatchController {
  readonly #options: Dispatcher.DispatchOptions
  readonly #handler: Dispatcher.DispatchHandler
  readonly #controller = new AbortController()
  #isOver = false
  #resumed: (() => void) | undefined = undefined
  paused = false

  constructor(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
    this.#options = options
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

  /** Tells the handler at once: whoever has replaced `fetch` may not listen to the signal. */
  abort(reason: Error): void {
    if (this.#isOver) return
    this.#controller.abort(reason)
    queueMicrotask(() => this.#fail(reason))
    this.resume()
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      this.#handler.onRequestStart?.(this, {})
      if (this.aborted) return
      const response = await fetch(this.#url(), this.#init())
      if (this.#isOver) return void response.body?.cancel().catch(() => {})
      const { status, statusText } = response
      this.#handler.onResponseStart?.(
        this,
        status,
        responseHeaders(response, this.#options.method),
        statusText,
      )
      await this.#read(response)
      if (this.aborted) return
      this.#isOver = true
      this.#handler.onResponseEnd?.(this, {})
    } catch (error) {
      this.#fail(networkError(error))
    }
  }

  #url(): string {
    const url = new URL(this.#options.path, this.#options.origin)
    for (const [name, value] of Object.entries(this.#options.query ?? {}))
      url.searchParams.set(name, String(value))
    return url.href
  }

  #init(): RequestInit {
    const { method, body, upgrade } = this.#options
    const hasBody = body !== undefined && body !== null
    if (upgrade) throw new errors.NotSupportedError('fetchTransport() cannot upgrade a connection')
    if (hasBody && (method === 'GET' || method === 'HEAD')) {
      throw new errors.NotSupportedError(`fetchTransport() cannot send a body with ${method}`)
    }
    return {
      method,
      headers: fetchHeaders(this.#options.headers),
      body: (body instanceof Readable ? Readable.toWeb(body) : (body ?? null)) as never,
      redirect: 'manual',
      signal: this.#controller.signal,
      ...(hasBody ? { duplex: 'half' as const } : {}),
    }
  }

  async #read({ body }: Response): Promise<void> {
    if (body === null) return
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
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
