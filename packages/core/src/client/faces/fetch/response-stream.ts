import { type ReadableByteStreamController, ReadableStream } from 'node:stream/web'
import { DeadlineExceededError, isHoldfastError } from '../../../foundation/errors/index.js'
import type { StreamedBody } from '../../../http/transport/index.js'
import { type Abortable, Execution } from '../../../policies/index.js'
import type { ActiveContext } from '../../../telemetry/context/index.js'
import { endedIn } from '../../call/call-phase.js'
import { InheritedAbort } from '../../inherited-context.js'

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
  // The types of Node.js 20 know no streams of bytes with these options.
  const source: object = {
    type: 'bytes',
    start: (controller: ReadableByteStreamController) => connect(body, controller, describe),
    pull: () => void body.resume(),
    cancel: () => void body.destroy(),
  }
  return new ReadableStream(source)
}

function connect(
  body: StreamedBody,
  controller: ReadableByteStreamController,
  describe: BodyBounds['describe'],
): void {
  let isClosed = false
  const close = (how: () => void): void => {
    if (!isClosed) how()
    isClosed = true
  }
  body.on('data', (chunk: Buffer) => {
    // A byte stream takes the memory that it is given; that of a chunk is part of the socket's.
    controller.enqueue(new Uint8Array(chunk))
    if ((controller.desiredSize ?? 0) <= 0) body.pause()
  })
  body.once('end', () =>
    close(() => {
      controller.close()
      // A reader that brings its own memory waits for this, as the standard has it.
      controller.byobRequest?.respond(0)
    }),
  )
  body.once('error', (error: unknown) => close(() => controller.error(describe(error))))
  body.once('close', () => {
    isClosed = true
  })
  body.pause()
}

/** What the caller's abort looks like: the reason that the caller gave. */
export function callersReason(error: unknown, signal: AbortSignal | undefined | null): unknown {
  const isCallers =
    signal?.aborted === true && isHoldfastError(error, 'ABORTED') && error.cause === signal.reason
  return isCallers ? signal.reason : error
}
