import type { Readable } from 'node:stream'
import type { Dispatcher, Pool } from 'undici'
import {
  AttemptTimeoutError,
  ClosedError,
  HttpError,
  InvalidResponseError,
  type ResponseHeaders,
} from '../../foundation/errors/index.js'
import type { ResponseHead } from '../../http/message/index.js'
import { createTransport, send, type TlsOptions, type Transport } from '../../http/transport/index.js'
import type { Execution } from '../../policies/index.js'
import { backgroundPool } from './background-pool.js'

/** What a registry is asked with. */
export interface RegistryClientOptions {
  /** What it is called in errors. */
  readonly name: string
  readonly origin: string
  /** In front of every path: empty, or beginning with a slash and not ending with one. */
  readonly basePath: string
  readonly tls: TlsOptions
}

/** One question to a registry. */
export interface RegistryRequest {
  readonly method?: 'GET' | 'PUT'
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly timeoutMs: number
  /**
   * Whether it waits for news: it then keeps no process running.
   * @default false
   */
  readonly waits?: boolean
}

/** What a registry answered with a status of 2xx. */
export interface RegistryAnswer extends ResponseHead {
  readonly text: string
}

const connectTimeoutMs = 1_000
const connections = 4
const maxAnswerBytes = 32 * 1024 * 1024
const maxSnippetLength = 200

/** A small HTTP client for registries, without any of the policies of a client: its callers have loops of their own. */
export class RegistryClient {
  readonly #options: RegistryClientOptions
  #transport: Transport | undefined = undefined
  #pool: Pool | undefined = undefined
  #isClosed = false

  constructor(options: RegistryClientOptions) {
    this.#options = options
  }

  /**
   * The whole answer.
   * @throws {HttpError} `HTTP_STATUS` for any status but 2xx; else an error of the transport.
   */
  async ask(request: RegistryRequest, execution: Execution): Promise<RegistryAnswer> {
    const { status, headers, body } = await this.#send(request, execution, 'buffer')
    const text = (body as Buffer).toString('utf8')
    if (status < 200 || status > 299) throw this.#refused(status, headers, text)
    return { status, headers, text }
  }

  /** The answer as it comes, for `lastsMs` at most; an abort of `execution` breaks it off. */
  async stream(request: RegistryRequest, lastsMs: number, execution: Execution): Promise<Readable> {
    const { status, headers, body } = await this.#send(request, execution, 'stream')
    if (Buffer.isBuffer(body)) throw this.#refused(status, headers, body.toString('utf8'))
    const stream = body as Readable
    const timer = setTimeout(() => stream.destroy(this.#tooLate(lastsMs)), lastsMs)
    timer.unref?.()
    const breakOff = { abort: (reason: unknown) => void stream.destroy(reason as Error) }
    stream.once('close', () => {
      clearTimeout(timer)
      execution.detach(breakOff)
    })
    execution.attach(breakOff)
    return stream
  }

  /** What an answer holds. */
  parse(answer: RegistryAnswer): unknown {
    try {
      return JSON.parse(answer.text)
    } catch {
      throw this.unexpected(answer, 'is no JSON')
    }
  }

  /** The error for an answer that is not what was asked for. */
  unexpected({ status, text }: RegistryAnswer, message: string): InvalidResponseError {
    const problems = [{ path: '', message: `the answer ${message}` }]
    return new InvalidResponseError(this.#options.name, { status, problems, snippet: snippetOf(text) })
  }

  /** Breaks off what is in flight. */
  close(): void {
    this.#isClosed = true
    void this.#transport?.destroy()
    void this.#pool?.destroy()
  }

  async #send(request: RegistryRequest, execution: Execution, mode: 'buffer' | 'stream') {
    const { method = 'GET', path, headers, body, timeoutMs, waits = false } = request
    const { origin, basePath } = this.#options
    if (this.#isClosed) throw new ClosedError()
    const timer = setTimeout(() => execution.abort(this.#tooLate(timeoutMs)), timeoutMs)
    timer.unref?.()
    const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    try {
      return await send(
        waits ? this.#background() : this.#foreground(),
        {
          origin,
          path: basePath + path,
          method,
          headers: { accept: 'application/json', 'user-agent': 'holdfast', ...json, ...headers },
          body,
          mode,
          maxResponseBytes: mode === 'stream' ? Number.POSITIVE_INFINITY : maxAnswerBytes,
          maxBufferedBytes: maxAnswerBytes,
          idleTimeoutMs: 0,
          streamWhen: (status) => status === 200,
        },
        execution,
      )
    } finally {
      clearTimeout(timer)
    }
  }

  #foreground(): Dispatcher {
    const { origin, tls } = this.#options
    this.#transport ??= createTransport({ connections, connectTimeoutMs, tls })
    return this.#transport.dispatcherFor(origin)
  }

  #background(): Dispatcher {
    const { origin, tls } = this.#options
    this.#pool ??= backgroundPool(origin, { tls, connectTimeoutMs })
    return this.#pool
  }

  #tooLate(timeoutMs: number): AttemptTimeoutError {
    return new AttemptTimeoutError(`${this.#options.name} did not answer within ${timeoutMs} ms`)
  }

  #refused(status: number, headers: ResponseHeaders, text: string): HttpError {
    const why = snippetOf(text)
    const message = `${this.#options.name} answered ${status}${why === '' ? '' : `: ${why}`}`
    return new HttpError(message, { status, headers, body: why, declared: false })
  }
}

function snippetOf(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > maxSnippetLength ? `${line.slice(0, maxSnippetLength - 1)}…` : line
}
