import type { Socket } from 'node:net'
import { OptionCheck } from '../../foundation/config/index.js'
import type { Exchange, Fault } from './fault.js'
import {
  checkPartialAnswer,
  type PartialAnswerOptions,
  partialAnswer,
  partialAnswerOptionNames,
} from './partial-answer.js'

/** Time for the bytes before a reset to reach the client: a reset may overtake them. */
const resetAfterMs = 20

/** Options of `stall`. */
export interface StallOptions extends PartialAnswerOptions {
  /** How long the silence lasts, in milliseconds, before the connection is closed. @default Infinity */
  readonly forMs?: number | undefined
}

/**
 * Falls silent, without closing the connection: a black hole, or with `at` an answer that stops half-way.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { faultServer, stall } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({
 *   routes: { 'GET /black-hole': stall(), 'GET /half': stall({ at: 'body', json: { id: '42' } }) },
 * })
 * ```
 */
export function stall(options: StallOptions = {}): Fault {
  const check = new OptionCheck('stall()')
  checkPartialAnswer(check, options, [...partialAnswerOptionNames, 'forMs'])
  const { forMs = Number.POSITIVE_INFINITY } = options ?? {}
  if (forMs !== Number.POSITIVE_INFINITY) check.milliseconds('forMs', forMs)
  check.done()
  const bytes = partialAnswer(options)
  return {
    kind: 'stall',
    async apply(exchange) {
      const socket = exchange.takeSocket()
      if (bytes.length > 0) socket.write(bytes)
      if (forMs === Number.POSITIVE_INFINITY) return exchange.untilGone()
      await Promise.race([exchange.untilGone(), exchange.sleep(forMs)])
      socket.end()
    },
  }
}

/**
 * Resets the connection (RST), at once or with `at` within the answer.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { faultServer, reset } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({ routes: { 'GET /orders': reset({ at: 'body' }) } })
 * ```
 */
export function reset(options: PartialAnswerOptions = {}): Fault {
  const bytes = checkedBytes('reset()', options)
  return {
    kind: 'reset',
    async apply(exchange) {
      const socket = exchange.takeSocket()
      if (bytes.length > 0) await writeAndLinger(socket, bytes, exchange)
      socket.resetAndDestroy()
    },
  }
}

/**
 * Closes the connection in good order (FIN) but too early, at once or with `at` within the answer.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { faultServer, hangUp } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({ routes: { 'GET /orders': hangUp({ at: 'between-chunks' }) } })
 * ```
 */
export function hangUp(options: PartialAnswerOptions = {}): Fault {
  const bytes = checkedBytes('hangUp()', options)
  return {
    kind: 'hang up',
    async apply(exchange) {
      exchange.takeSocket().end(bytes)
    },
  }
}

/** Options of `closeReused`. */
export interface CloseReusedOptions {
  /** How the connection ends. @default 'fin' */
  readonly by?: 'fin' | 'reset' | undefined
}

/**
 * Closes a kept-alive connection as its next request arrives: the race between a client that reuses a connection
 * and a server that drops it. The first request of each connection is handed on.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { answer, closeReused, faultServer } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({ routes: { 'GET /orders': [closeReused(), answer(200)] } })
 * ```
 */
export function closeReused(options: CloseReusedOptions = {}): Fault {
  const check = new OptionCheck('closeReused()')
  check.object('', options, ['by'])
  const by = options?.by ?? 'fin'
  check.oneOf('by', by, ['fin', 'reset'])
  check.done()
  const close: Fault = by === 'fin' ? hangUp() : reset()
  return {
    kind: '',
    async apply(exchange, next) {
      if (exchange.useOfConnection === 1) return next()
      exchange.faults.push('close reused')
      return close.apply(exchange, next)
    },
  }
}

function checkedBytes(subject: string, options: PartialAnswerOptions): Buffer {
  const check = new OptionCheck(subject)
  checkPartialAnswer(check, options)
  check.done()
  return partialAnswer(options)
}

async function writeAndLinger(socket: Socket, bytes: Buffer, exchange: Exchange): Promise<void> {
  socket.write(bytes)
  await exchange.sleep(resetAfterMs)
}
