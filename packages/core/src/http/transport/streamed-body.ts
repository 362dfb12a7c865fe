import type { AsyncResource } from 'node:async_hooks'
import { type Duplex, Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { AbortedError, BodyTimeoutError, ResponseTooLargeError } from '../../foundation/errors/index.js'
import { type Coding, createDecoders, decodingError } from './content-encoding.js'

/** Longer ones overflow Node.js' timers, which then fire at once. */
const maxTimerMs = 2 ** 31 - 1

/** What arrives before anybody reads: a short body that nobody reads is off the wire, and its connection is free. */
const heldBytes = 64 * 1024

/** What a body may measure, and how long it may stand still. */
export interface StreamLimits {
  readonly maxBytes: number
  /** 0 or `Infinity` for no limit. */
  readonly idleTimeoutMs: number
}

/**
 * The body of a response as a stream with backpressure to the socket, decompressed on the way.
 *
 * Its events happen in the context of `owner`, whatever socket the bytes came from.
 *
 * It carries an error listener of its own: a stream that nobody reads must not end the process when it breaks.
 */
export class StreamedBody extends Readable {
  #controller: Dispatcher.DispatchController | undefined
  readonly #owner: AsyncResource
  readonly #codings: readonly Coding[]
  readonly #maxBytes: number
  readonly #idleTimer: NodeJS.Timeout | undefined
  #decoders: readonly Duplex[] | undefined = undefined
  #bytes = 0
  #isWhole = false

  constructor(
    controller: Dispatcher.DispatchController,
    owner: AsyncResource,
    codings: readonly Coding[],
    { maxBytes, idleTimeoutMs }: StreamLimits,
  ) {
    super({ highWaterMark: heldBytes })
    this.#controller = controller
    this.#owner = owner
    this.#codings = codings
    this.#maxBytes = maxBytes
    if (idleTimeoutMs > 0 && idleTimeoutMs <= maxTimerMs) {
      this.#idleTimer = setTimeout(giveUp, idleTimeoutMs, this, idleTimeoutMs)
      this.#idleTimer.unref()
    }
    this.on('error', ignore)
  }

  /** A chunk from the wire. */
  receive(chunk: Buffer): void {
    if (this.destroyed) return
    this.#idleTimer?.refresh()
    if (this.#codings.length === 0) {
      if (!this.#deliver(chunk)) this.#controller?.pause()
      return
    }
    this.#decoders ??= this.#connectDecoders()
    if (this.#decoders[0]?.write(chunk) === false) this.#controller?.pause()
  }

  /** The wire's last word: everything has arrived. */
  finish(): void {
    this.#controller = undefined
    // What is left to do is the consumer's, who has paid for it.
    clearTimeout(this.#idleTimer)
    this.#isWhole = true
    if (this.#decoders !== undefined) this.#decoders[0]?.end()
    else if (!this.destroyed) this.push(null)
  }

  /** The whole body, where it has arrived whole before anybody read of it. It ends the stream. */
  takeWhole(): Buffer | undefined {
    if (!this.#isWhole || this.#decoders !== undefined || this.destroyed) return undefined
    return (this.read() as Buffer | null) ?? Buffer.alloc(0)
  }

  /** The wire's last word: it broke. */
  fail(error: Error): void {
    this.#controller = undefined
    this.destroy(error)
  }

  #connectDecoders(): readonly Duplex[] {
    const decoders = createDecoders(this.#codings)
    for (const [index, decoder] of decoders.entries()) {
      const next = decoders[index + 1]
      if (next !== undefined) decoder.pipe(next)
      decoder.on('error', (error) =>
        this.destroy(decodingError(error, this.#codings[index] as Coding, this.#maxBytes)),
      )
    }
    decoders[0]?.on('drain', () => this.#controller?.resume())
    const last = decoders.at(-1)
    last?.on('data', (chunk: Buffer) => {
      if (!this.#deliver(chunk)) last.pause()
    })
    last?.on('end', () => this.push(null))
    return decoders
  }

  /** `false` when the consumer is behind. */
  #deliver(chunk: Buffer): boolean {
    if (this.destroyed) return true
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) {
      this.destroy(new ResponseTooLargeError(this.#maxBytes))
      return true
    }
    try {
      return this.push(chunk)
    } catch (error) {
      // A 'data' listener threw. Above us is undici's parser, which must not be unwound.
      this.destroy(error as Error)
      return true
    }
  }

  override emit(name: string | symbol, ...values: unknown[]): boolean {
    return this.#owner.runInAsyncScope(() => super.emit(name, ...values))
  }

  override read(size?: number): unknown {
    const chunk: unknown = super.read(size)
    // Taking what is buffered is progress too, though the wire may be paused meanwhile.
    if (chunk !== null && this.#controller !== undefined) this.#idleTimer?.refresh()
    return chunk
  }

  override _read(): void {
    if (this.#decoders === undefined) this.#controller?.resume()
    else this.#decoders.at(-1)?.resume()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#idleTimer)
    for (const decoder of this.#decoders ?? []) decoder.destroy()
    const controller = this.#controller
    this.#controller = undefined
    controller?.abort(error ?? new AbortedError('the stream was closed before its end', { phase: 'reading' }))
    // A consumer that awaits the response attaches its listeners a microtask later.
    setImmediate(callback, error)
  }
}

function giveUp(body: StreamedBody, idleTimeoutMs: number): void {
  body.destroy(
    new BodyTimeoutError(`nothing of the body has moved for ${idleTimeoutMs} ms`, { phase: 'reading' }),
  )
}

function ignore(): void {}
