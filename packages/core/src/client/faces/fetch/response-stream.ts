import { type ReadableByteStreamController, ReadableStream } from 'node:stream/web'
import { DeadlineExceededError, isHoldfastError } from '../../../foundation/errors/index.js'
import type { StreamedBody } from '../../../http/transport/index.js'
import { type Abortable, Execution } from '../../../policies/index.js'
import type { ActiveContext } from '../../../telemetry/context/index.js'
import { endedIn } from '../../attempt/call-phase.js'
import { InheritedAbort } from '../../call/inherited-context.js'

/** Until when a body may be read, and what its failures are made of. */
export interface BodyBounds {
  /** Milliseconds left for it, and of how many. */
  readonly remainingMs: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** Of the request that the body was asked for. */
  readonly context: ActiveContext | undefined
  /** Makes of an error what the reader gets to see. */
  readonly describe: (error: unknown) => unknown
}

/** Longer ones overflow Node.js' timers. */
const maxTimerMs = 2 ** 31 - 1

function expired(timeoutMs: number): DeadlineExceededError {
  return new DeadlineExceededError(`the call took longer than ${timeoutMs} ms`, { phase: 'reading' })
}

const noWork = (): void => {}

/** The body of a response, bounded by the deadline of its call and by the caller's signal until it has ended. */
export function toWebStream(body: StreamedBody, bounds: BodyBounds): ReadableStream<Uint8Array> {
  const execution = Execution.start(noWork)
  const stop: Abortable = { abort: (reason) => void body.destroy(endedIn('reading', reason) as Error) }
  execution.attach(stop)
  const { signal, context, remainingMs, timeoutMs, describe } = bounds
  if (signal !== undefined) execution.follow(signal)
  const inherited = context === undefined ? undefined : new InheritedAbort(execution)
  if (inherited !== undefined) context?.attach(inherited)
  // A body that nobody reads must not hold the process; where somebody does, the socket holds it.
  const timer =
    remainingMs > maxTimerMs
      ? undefined
      : setTimeout(() => execution.abort(expired(timeoutMs)), Math.max(0, remainingMs)).unref()
  body.once('close', () => {
    clearTimeout(timer)
    execution.release()
    if (signal !== undefined) execution.unfollow(signal)
    if (inherited !== undefined) context?.detach(inherited)
  })
  const feed = new StreamFeed(body, describe)
  const stream = new ReadableStream(feed as object)
  abandoned.register(stream, body, body)
  body.once('close', () => abandoned.unregister(body))
  return stream
}

/** Bodies whose stream is gone with the last who could have read it: they give up their connections. */
const abandoned = new FinalizationRegistry<StreamedBody>((body) => void body.destroy())

/**
 * What a web stream reads from a body. It holds the stream only while somebody waits for more of it: the socket holds
 * the body, and would hold with it what nobody reads any more.
 */
class StreamFeed {
  readonly type = 'bytes'
  readonly #body: StreamedBody
  readonly #describe: BodyBounds['describe']
  #controller: WeakRef<ReadableByteStreamController> | undefined = undefined
  #wanted: ReadableByteStreamController | undefined = undefined
  #isClosed = false

  constructor(body: StreamedBody, describe: BodyBounds['describe']) {
    this.#body = body
    this.#describe = describe
  }

  start(controller: ReadableByteStreamController): void {
    this.#controller = new WeakRef(controller)
    const body = this.#body
    body.on('data', (chunk: Buffer) => this.#pass(chunk))
    body.once('end', () =>
      this.#close((open) => {
        open.close()
        // A reader that brings its own memory waits for this, as the standard has it.
        open.byobRequest?.respond(0)
      }),
    )
    body.once('error', (error: unknown) => this.#close((open) => open.error(this.#describe(error))))
    body.once('close', () => this.#close(() => undefined))
    body.pause()
  }

  pull(controller: ReadableByteStreamController): void {
    this.#wanted = controller
    this.#body.resume()
  }

  cancel(): void {
    this.#body.destroy()
  }

  #pass(chunk: Buffer): void {
    const controller = this.#wanted ?? this.#controller?.deref()
    if (controller === undefined || this.#isClosed) return
    // A byte stream takes the memory that it is given; that of a chunk is part of the socket's.
    controller.enqueue(new Uint8Array(chunk))
    if ((controller.desiredSize ?? 0) > 0) return
    this.#body.pause()
    this.#wanted = undefined
  }

  #close(how: (controller: ReadableByteStreamController) => void): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const controller = this.#wanted ?? this.#controller?.deref()
    this.#wanted = undefined
    if (controller !== undefined) how(controller)
  }
}

/** What the caller's abort looks like: the reason that the caller gave. */
export function callersReason(error: unknown, signal: AbortSignal | undefined | null): unknown {
  const isCallers =
    signal?.aborted === true && isHoldfastError(error, 'ABORTED') && error.cause === signal.reason
  return isCallers ? signal.reason : error
}
