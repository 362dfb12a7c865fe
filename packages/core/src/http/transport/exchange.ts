import { AsyncResource } from 'node:async_hooks'
import type { Readable } from 'node:stream'
import { type Dispatcher, Pool } from 'undici'
import {
  AbortedError,
  HoldfastError,
  type Phase,
  ProtocolError,
  type ResponseHeaders,
  ResponseTooLargeError,
} from '../../foundation/errors/index.js'
import type { Abortable, Execution } from '../../policies/index.js'
import type { HttpResponse } from '../message/index.js'
import { isBodiless, isMissingBody } from './bodiless.js'
import { BufferedBody } from './buffered-body.js'
import { phaseOfConnecting } from './connection-phase.js'
import { type Coding, maxEncodedBytes, parseCodings } from './content-encoding.js'
import { mapTransportError } from './map-transport-error.js'
import { OwnContextSource } from './own-context.js'
import { StreamedBody } from './streamed-body.js'
import type { TransportRequest } from './transport-request.js'

const noCodings: readonly Coding[] = Object.freeze([])

/**
 * One request on the wire and its response: undici's handler, the abort listener and the two ends of the promise in
 * one object, because on the path of a call that succeeds every object and closure shows.
 *
 * undici may call back after the promise has settled, so two things are kept apart: `#isSettled`, when the caller has
 * its answer, and `#isEnded`, when nothing happens on the wire any more.
 */
export class Exchange implements Dispatcher.DispatchHandler, Abortable {
  readonly #request: TransportRequest
  readonly #execution: Execution
  readonly #dispatcher: Dispatcher
  readonly #resolve: (response: HttpResponse) => void
  readonly #reject: (reason: unknown) => void
  #controller: Dispatcher.DispatchController | undefined = undefined
  #source: Readable | undefined = undefined
  /** The context of the call. undici calls back in that of whoever opened the socket. */
  #owner: AsyncResource | undefined = undefined
  #isSettled = false
  #isEnded = false
  #onEnded: (() => void) | undefined = undefined
  #mode: 'buffer' | 'stream' | 'discard'
  #hasStarted = false
  #status = 0
  #statusText: string | undefined = undefined
  #maxBytes = 0
  /** Bytes that are still to come of those that were announced; `NaN` where none were. */
  #missing = Number.NaN
  #headers: ResponseHeaders | undefined = undefined
  #buffered: BufferedBody | undefined = undefined
  #stream: StreamedBody | undefined = undefined

  constructor(
    dispatcher: Dispatcher,
    request: TransportRequest,
    execution: Execution,
    resolve: (response: HttpResponse) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#dispatcher = dispatcher
    this.#request = request
    this.#execution = execution
    this.#resolve = resolve
    this.#reject = reject
    this.#mode = request.mode
    if (request.mode === 'stream') this.#owner = new AsyncResource('HoldfastRequest')
  }

  get #phase(): Phase {
    if (this.#headers !== undefined) return 'reading'
    if (!this.#hasStarted) return phaseOfConnecting(this.#dispatcher)
    return this.#source !== undefined && !this.#source.readableEnded ? 'sending' : 'waiting'
  }

  start(): void {
    this.#execution.attach(this)
    const { origin, path, method } = this.#request
    // A proxy agent writes a host header into what it is given, which a retry elsewhere must not carry on.
    const headers = this.#dispatcher instanceof Pool ? this.#request.headers : { ...this.#request.headers }
    try {
      this.#dispatcher.dispatch(
        // The call's own timer bounds the headers and the body.
        { origin, path, method, headers, body: this.#openBody(), headersTimeout: 0, bodyTimeout: 0 },
        this,
      )
    } catch (error) {
      this.onResponseError(undefined, error as Error)
    }
  }

  #openBody(): string | Uint8Array | Readable | null {
    const { body } = this.#request
    if (typeof body !== 'function') return body ?? null
    try {
      this.#owner ??= new AsyncResource('HoldfastRequest')
      this.#source = new OwnContextSource(body(), this.#owner)
    } catch (error) {
      throw error instanceof HoldfastError ? error : bodyFailed(error)
    }
    // Before undici listens: when the stream fails by itself, its error gets here first.
    this.#source.once('error', (error) => {
      // A response may be streaming back while its request is still being sent.
      if (!this.#isEnded) this.#stream?.destroy(bodyFailed(error))
      this.#fail(bodyFailed(error))
    })
    return this.#source
  }

  /** The execution's: the time is up, or nobody wants the answer any more. */
  abort(reason: unknown): void {
    // A reason is written once, by whoever was at work; it does not know where the call was.
    if (reason instanceof HoldfastError) reason.phase ??= this.#phase
    this.#fail(reason)
  }

  #fail(reason: unknown): void {
    if (this.#isSettled) return
    this.#settle()
    this.#reject(reason)
    this.#cancel(reason)
    // While undici has it queued or is connecting there is no way to stop it: it goes on until it starts.
    if (!this.#isEnded) this.#linger()
  }

  #settle(): void {
    this.#isSettled = true
    this.#execution.detach(this)
  }

  #cancel(reason: unknown): void {
    this.#buffered = undefined
    if (!this.#isEnded) this.#controller?.abort(reason as Error)
    this.#closeSource()
  }

  #closeSource(): void {
    if (this.#source === undefined || this.#source.destroyed) return
    this.#source.on('error', ignore)
    this.#source.destroy()
  }

  #linger(): void {
    this.#execution.linger(
      new Promise<void>((resolve) => {
        this.#onEnded = resolve
      }),
    )
  }

  #end(): void {
    this.#isEnded = true
    this.#controller = undefined
    this.#onEnded?.()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#hasStarted = true
    this.#controller = controller
    if (this.#isSettled) controller.abort(new AbortedError())
  }

  onRequestUpgrade(_: unknown, status: number, _headers: unknown, socket: Readable): void {
    socket.on('error', ignore).destroy()
    this.#end()
    this.#fail(new ProtocolError(`the server switched protocols (${status})`, { phase: 'waiting' }))
  }

  onResponseStart(_: unknown, status: number, headers: ResponseHeaders, statusText?: string): void {
    // 102 and 103 only announce the answer.
    if (status < 200 || this.#isSettled) return
    this.#status = status
    this.#statusText = statusText
    this.#headers = headers
    const { maxBufferedBytes, maxResponseBytes, streamWhen } = this.#request
    if (this.#mode !== 'buffer' && streamWhen?.(status, headers) === false) this.#mode = 'buffer'
    const isUnexpected = this.#mode === 'buffer' && this.#request.mode !== 'buffer'
    const maxBytes = isUnexpected ? (maxBufferedBytes ?? maxResponseBytes) : maxResponseBytes
    this.#maxBytes = maxBytes
    try {
      const codings = this.#codingsOf(headers)
      const limit = codings.length === 0 ? maxBytes : maxEncodedBytes(maxBytes)
      if (this.#hasBody) this.#missing = Number(headers['content-length'])
      if (this.#missing > limit && !this.#mayCut) throw new ResponseTooLargeError(maxBytes)
      if (this.#mode === 'stream') this.#startStream(status, headers, codings)
      else this.#buffered = new BufferedBody(codings, limit, maxBytes, this.#mode === 'buffer')
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Some answers have no body, whatever their headers say. */
  get #hasBody(): boolean {
    return !isBodiless(this.#status) && this.#request.method !== 'HEAD'
  }

  #codingsOf({ 'content-encoding': encoding }: ResponseHeaders): readonly Coding[] {
    if (encoding === undefined || this.#mode === 'discard' || !this.#hasBody) return noCodings
    try {
      return parseCodings(encoding)
    } catch (error) {
      // The status of an error says more than its body.
      if (this.#status >= 400) return noCodings
      throw error
    }
  }

  #startStream(status: number, headers: ResponseHeaders, codings: readonly Coding[]): void {
    const { maxResponseBytes, idleTimeoutMs } = this.#request
    const controller = this.#controller as Dispatcher.DispatchController
    const owner = this.#owner as AsyncResource
    const body = new StreamedBody(controller, owner, codings, { maxBytes: maxResponseBytes, idleTimeoutMs })
    this.#stream = body
    this.#settle()
    this.#linger()
    this.#resolve({ status, statusText: this.#statusText, headers, body })
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#missing -= chunk.length
    if (this.#stream !== undefined) this.#stream.receive(chunk)
    else if (this.#buffered?.add(chunk) === false) {
      if (this.#mayCut) this.#cut(this.#buffered)
      else this.#fail(new ResponseTooLargeError(this.#maxBytes))
    }
  }

  get #mayCut(): boolean {
    return this.#request.cutsErrorBodies === true && this.#status >= 400 && this.#mode !== 'stream'
  }

  /** Answers with what has come of the body, and reads no more. */
  #cut(buffered: BufferedBody): void {
    if (this.#isSettled) return
    this.#succeed(buffered.beginning())
    this.#cancel(new AbortedError())
    if (!this.#isEnded) this.#linger()
  }

  onResponseEnd(): void {
    // An HTTP/2 stream that is reset without an error looks like one that has ended.
    if (this.#missing > 0) {
      this.onResponseError(undefined, new Error(`the body ended ${this.#missing} bytes before its length`))
      return
    }
    this.#end()
    this.#stream?.finish()
    if (this.#isSettled) return
    const buffered = this.#buffered
    try {
      const body = buffered?.finish()
      if (!(body instanceof Promise)) this.#succeed(body)
      else body.then(this.#succeed.bind(this), (error) => this.#failDecoding(error, buffered))
    } catch (error) {
      this.#failDecoding(error, buffered)
    }
  }

  /** An error's body that is not in the coding it claims is given as it came: the status must not be lost for it. */
  #failDecoding(error: unknown, buffered: BufferedBody | undefined): void {
    if (this.#status < 400 || buffered === undefined) this.#fail(error)
    else if (error instanceof ProtocolError) this.#succeed(buffered.raw())
    else if (this.#mayCut) this.#succeed(buffered.beginning())
    else this.#fail(error)
  }

  #succeed(body: Buffer | undefined): void {
    if (this.#isSettled) return
    this.#settle()
    const headers = this.#headers as ResponseHeaders
    this.#resolve({ status: this.#status, statusText: this.#statusText, headers, body })
  }

  onResponseError(_: unknown, error: Error): void {
    if (isMissingBody(error, this.#status)) {
      this.onResponseEnd()
      return
    }
    this.#end()
    if (this.#isSettled && this.#stream === undefined) return
    const mapped = mapTransportError(error, this.#phase, this.#request)
    this.#closeSource()
    this.#stream?.fail(mapped)
    this.#fail(mapped)
  }
}

/** The body is the caller's: nothing of this counts against the server. */
function bodyFailed(cause: unknown): AbortedError {
  return new AbortedError('the stream of the request body failed', { phase: 'sending', cause })
}

function ignore(): void {}
