import { ReadableStream } from 'node:stream/web'

/** What a `Response` that was not made by hand knows besides. */
export interface Provenance {
  readonly url: URL
  readonly redirected: boolean
  /** The reason phrase as it came, which the constructor of a `Response` does not take with every character. */
  readonly statusText: string
  /** The caller's: a body that has not been read when it aborts fails. */
  readonly signal?: AbortSignal | undefined
}

type ResponseBody = ConstructorParameters<typeof Response>[0]

/** The types declare the properties of a `Response` as its own, which they are not: they are its prototype's. */
const GlobalResponse = Response as unknown as new (
  body: ResponseBody,
  init: ResponseInit,
) => {
  readonly status: number
}

const { prototype } = Response
const ownHeaders = Object.getOwnPropertyDescriptor(prototype, 'headers')?.get as () => Headers

function refuseChange(): never {
  throw new TypeError('immutable')
}

const immutable = { value: refuseChange, configurable: true }

/** The headers of a response that was fetched cannot be changed. */
function frozenHeaders(response: unknown): Headers {
  const headers = ownHeaders.call(response)
  if (!Object.hasOwn(headers, 'set')) {
    Object.defineProperties(headers, { append: immutable, delete: immutable, set: immutable })
  }
  return headers
}

/** The global `Response`, with the properties that only `fetch` itself can set. */
export class FetchedResponse extends GlobalResponse {
  readonly #from: Provenance

  constructor(body: ReadableStream | null, init: ResponseInit, from: Provenance) {
    super(body as ResponseBody, init)
    this.#from = from
  }

  get headers(): Headers {
    return frozenHeaders(this)
  }

  get statusText(): string {
    return this.#from.statusText
  }

  get url(): string {
    return this.#from.url.href.replace(/#.*/, '')
  }

  get redirected(): boolean {
    return this.#from.redirected
  }

  get type(): string {
    return 'basic'
  }

  clone(): Response {
    return this.sign(prototype.clone.call(this))
  }

  /** Gives a plain response what this one knows of itself. */
  protected sign(copy: Response): Response {
    const { statusText, url, redirected, type } = this
    frozenHeaders(copy)
    return Object.defineProperties(copy, {
      statusText: { value: statusText },
      url: { value: url },
      redirected: { value: redirected },
      type: { value: type },
    })
  }
}

/**
 * A response whose body has arrived. The stream behind `body` costs more than the rest of a call, so it is made when
 * somebody asks for it; `json()` and the others that most callers use read the bytes.
 */
export class BufferedResponse extends FetchedResponse {
  readonly #bytes: Buffer
  readonly #signal: AbortSignal | undefined
  #isUsed = false
  /** The same response with a stream for its body. */
  #streamed: Response | undefined = undefined

  constructor(bytes: Buffer, init: ResponseInit, from: Provenance) {
    super(null, init, from)
    this.#bytes = bytes
    this.#signal = from.signal
  }

  get body(): Response['body'] {
    return this.#stream().body
  }

  get bodyUsed(): boolean {
    return this.#streamed?.bodyUsed ?? this.#isUsed
  }

  async json(): Promise<unknown> {
    return this.#streamed === undefined ? JSON.parse(this.#text()) : this.#streamed.json()
  }

  async text(): Promise<string> {
    return this.#streamed === undefined ? this.#text() : this.#streamed.text()
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#streamed === undefined ? this.#copy().buffer : this.#streamed.arrayBuffer()
  }

  async bytes(): Promise<Uint8Array> {
    return this.#streamed === undefined ? this.#copy() : new Uint8Array(await this.#streamed.arrayBuffer())
  }

  async blob(): Promise<Blob> {
    return this.#stream().blob()
  }

  async formData(): Promise<FormData> {
    return this.#stream().formData()
  }

  override clone(): Response {
    return this.sign(this.#stream().clone())
  }

  #take(): Buffer {
    if (this.#isUsed) throw new TypeError('Body is unusable: Body has already been read')
    this.#isUsed = true
    if (this.#signal?.aborted === true) throw this.#signal.reason
    return this.#bytes
  }

  #text(): string {
    const text = this.#take().toString()
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  }

  #copy(): Uint8Array<ArrayBuffer> {
    return copyOf(this.#take())
  }

  #stream(): Response {
    if (this.#streamed === undefined) {
      const { status, headers } = this
      const body = this.#signal === undefined ? new Uint8Array(this.#bytes) : this.#source(this.#signal)
      this.#streamed = new Response(body as ResponseBody, { status, headers })
      if (this.#isUsed) void this.#streamed.arrayBuffer().catch(ignore)
    }
    return this.#streamed
  }

  #source(signal: AbortSignal): ReadableStream {
    const bytes = copyOf(this.#bytes)
    return new ReadableStream({
      type: 'bytes',
      pull(controller) {
        if (signal.aborted) return controller.error(signal.reason)
        if (bytes.length > 0) controller.enqueue(bytes)
        controller.close()
        controller.byobRequest?.respond(0)
      },
    })
  }
}

function ignore(): void {}

function copyOf(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

// Who prints a response should not have to know.
for (const one of [FetchedResponse, BufferedResponse])
  Object.defineProperty(one, 'name', { value: 'Response' })
