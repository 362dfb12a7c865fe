import { isThenable } from '../../foundation/cancellation/index.js'
import { OptionCheck } from '../../foundation/config/index.js'
import { isPriority, type Priority, priorities } from '../../foundation/priority/index.js'
import { ActiveContext } from './active-context.js'
import { contextStorage } from './context-storage.js'
import { correlationIdOf } from './correlation-id.js'
import type { Logger } from './logger.js'
import { readTraceContext } from './trace-context.js'

/** What a context outside of a request begins with. */
export interface RunContextOptions {
  /**
   * The id that a message carried. One that is not well-formed is replaced, never passed on.
   * @default a new UUID
   */
  readonly correlationId?: string | undefined
  readonly traceparent?: string | undefined
  readonly tracestate?: string | undefined
  readonly baggage?: string | undefined
  /** @default 'default' */
  readonly priority?: Priority | undefined
  /** How long the work may take, in milliseconds; calls made for it end no later. */
  readonly timeoutMs?: number | undefined
  /** Aborts the calls made for the work. */
  readonly signal?: AbortSignal | undefined
  /** @default the one that the surrounding context logs to, or none */
  readonly logger?: Logger | undefined
}

/**
 * Runs `fn` with a request context of its own: for consumers of queues and for jobs, whose work has no HTTP request.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is not what it should be.
 * @example
 * ```ts
 * import { currentContext, runWithContext } from '@holdfast/core'
 *
 * const message = { correlationId: 'order-4711-paid' }
 * await runWithContext({ correlationId: message.correlationId, timeoutMs: 5_000 }, async () => {
 *   console.log(currentContext()?.correlationId) // order-4711-paid
 * })
 * ```
 */
export function runWithContext<Result>(options: RunContextOptions, fn: () => Result): Result {
  checkOptions(options)
  const { logger } = options
  const context = new ActiveContext({
    correlationId: correlationIdOf(options.correlationId),
    trace: readTraceContext({ ...options }),
    priority: options.priority ?? 'default',
    timeoutMs: options.timeoutMs,
    loggerOf:
      logger === undefined
        ? (contextStorage.getStore()?.loggerOf ?? silent)
        : ({ correlationId, traceId, spanId }) =>
            logger.child({ correlation_id: correlationId, trace_id: traceId, span_id: spanId }),
  })
  if (options.signal !== undefined) context.follow(options.signal)
  return untilSettled(
    () => contextStorage.run(context, () => started(fn())),
    () => {
      if (options.signal !== undefined) context.unfollow(options.signal)
      context.end()
    },
  )
}

/**
 * Runs `fn` with the correlation of the current request, but without its deadline and its aborts: for work that must
 * finish even when nobody waits for it any more.
 *
 * @example
 * ```ts
 * import { detached } from '@holdfast/core'
 *
 * const audit = detached(async () => 'written, whoever leaves')
 * console.log(await audit)
 * ```
 */
export function detached<Result>(fn: () => Result): Result {
  const context = contextStorage.getStore()
  return context === undefined ? fn() : contextStorage.run(context.detached(), fn)
}

function checkOptions(options: RunContextOptions): void {
  const check = new OptionCheck('runWithContext()')
  const names = [
    'correlationId',
    'traceparent',
    'tracestate',
    'baggage',
    'priority',
    'timeoutMs',
    'signal',
    'logger',
  ]
  if (options === undefined) check.add('', 'needs an object with the options')
  else if (check.object('', options, names)) {
    check.milliseconds('timeoutMs', options.timeoutMs)
    if (options.priority !== undefined && !isPriority(options.priority)) {
      check.oneOf('priority', options.priority, priorities)
    }
  }
  check.done()
}

/** Some promises of other makers begin their work when they are waited for: within the context, as it must be. */
function started<Result>(result: Result): Result {
  return isThenable(result) ? (Promise.resolve(result) as Result) : result
}

function untilSettled<Result>(work: () => Result, then: () => void): Result {
  let isPending = false
  try {
    const result = work()
    if (!isThenable(result)) return result
    isPending = true
    return Promise.resolve(result).finally(then) as Result
  } finally {
    if (!isPending) then()
  }
}

const ignore = (): void => {}
const silent = (): Logger => silentLogger

/** Of a context that nobody gave a logger. */
const silentLogger: Logger = {
  level: 'silent',
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  fatal: ignore,
  child: () => silentLogger,
}
