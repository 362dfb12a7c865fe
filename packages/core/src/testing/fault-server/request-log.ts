import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { ServerExchange } from './exchange.js'

/**
 * How a request ended: answered completely, by a fault that wrote bytes of its own, or because its client closed the
 * connection first.
 */
export type Outcome = 'pending' | 'answered' | 'faulted' | 'aborted'

/** One request that arrived. */
export interface RecordedRequest {
  readonly method: string
  /** Path and query, as they arrived. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** What has arrived of the body; empty unless the server was told to `recordBodies`. */
  readonly body: Buffer
  /** The pattern of its route; `<unmatched>` without one. */
  readonly route: string
  readonly phase: string
  /** See `Exchange.turn`. */
  readonly turn: number
  /** Which connection it came on, counted from 1. */
  readonly connection: number
  /** When it arrived, by `performance.now()`. */
  readonly at: number
  /** Kinds of the faults it met, in order. */
  readonly faults: readonly string[]
  readonly outcome: Outcome
  /** The status of a proper answer. */
  readonly status: number | undefined
  /** What a listener threw. */
  readonly error: unknown
}

/** The log's own view of a request, which goes on changing. */
export class RequestEntry implements RecordedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly route: string
  readonly phase: string
  readonly turn: number
  readonly connection: number
  readonly at = performance.now()
  readonly faults: readonly string[]
  outcome: Outcome = 'pending'
  status: number | undefined = undefined
  error: unknown = undefined
  readonly #chunks: Buffer[] = []

  constructor(exchange: ServerExchange, connection: number) {
    this.method = exchange.request.method ?? ''
    this.path = exchange.request.url ?? ''
    this.headers = exchange.request.headers
    this.route = exchange.route
    this.phase = exchange.phase
    this.turn = exchange.turn
    this.connection = connection
    this.faults = exchange.faults
  }

  get body(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** Keeps what arrives, whoever reads it: a listener for data would take the body from a handler that comes later. */
  recordBody(request: IncomingMessage): void {
    const push = request.push
    request.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk instanceof Buffer) this.#chunks.push(chunk)
      return push.call(request, chunk, encoding)
    }
  }
}

interface Waiter {
  readonly count: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** The latest requests, and those who wait for more of them. */
export class RequestLog {
  readonly #size: number
  #entries: RequestEntry[] = []
  #total = 0
  readonly #waiters = new Set<Waiter>()

  constructor(size: number) {
    this.#size = size
  }

  get entries(): readonly RequestEntry[] {
    return this.#entries.length > this.#size ? this.#entries.slice(-this.#size) : this.#entries
  }

  add(entry: RequestEntry): void {
    this.#entries.push(entry)
    // Twice the size, so that an array is shortened once in `size` requests and not at each.
    if (this.#entries.length >= 2 * this.#size)
      this.#entries = this.#size === 0 ? [] : this.#entries.slice(-this.#size)
    this.#total++
    for (const waiter of this.#waiters) if (this.#total >= waiter.count) waiter.resolve()
  }

  clear(): void {
    this.#entries = []
    this.#total = 0
  }

  /** Settles when `count` requests have arrived since the log was cleared. */
  async received(count: number, timeoutMs: number): Promise<void> {
    if (this.#total >= count) return
    let waiter: Waiter | undefined
    const arrival = new Promise<void>((resolve, reject) => {
      waiter = { count, resolve, reject }
      this.#waiters.add(waiter)
    })
    const late = () =>
      waiter?.reject(new Error(`${this.#total} of ${count} requests arrived within ${timeoutMs} ms`))
    const timer = setTimeout(late, timeoutMs)
    try {
      await arrival
    } finally {
      clearTimeout(timer)
      if (waiter !== undefined) this.#waiters.delete(waiter)
    }
  }

  close(): void {
    for (const { reject, count } of this.#waiters) {
      reject(new Error(`the server was closed when ${this.#total} of ${count} requests had arrived`))
    }
  }
}
