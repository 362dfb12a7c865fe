import { OptionCheck } from '../../foundation/config/index.js'
import type { Distribution } from './distribution.js'
import type { Fault } from './fault.js'
import {
  answerHead,
  checkPartialAnswer,
  chunkedHead,
  type PartialAnswerOptions,
  partialAnswerOptionNames,
  renderWithBody,
} from './partial-answer.js'

/**
 * Waits, then hands the request on. Timers have a resolution of a millisecond.
 *
 * @param ms Milliseconds, or a distribution such as `exponential(10)` to draw them from.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `ms` is neither.
 * @example
 * ```ts
 * import { answer, delay, exponential, faultServer, sometimes } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({
 *   routes: { 'GET /orders': [delay(exponential(10)), sometimes(0.01, delay(400)), answer(200)] },
 * })
 * ```
 */
export function delay(ms: number | Distribution): Fault {
  const check = new OptionCheck('delay()')
  if (typeof ms !== 'function') check.number('', ms ?? null, { min: 0 })
  check.done()
  return {
    kind: 'delay',
    async apply(exchange, next) {
      await exchange.sleep(typeof ms === 'function' ? ms(() => exchange.random()) : ms)
      await next()
    },
  }
}

/** Options of `drip`. */
export interface DripOptions extends Omit<PartialAnswerOptions, 'at'> {
  /** What arrives drop by drop; the headers before a dripping body come at once. @default 'body' */
  readonly at?: 'headers' | 'body' | undefined
  /** Bytes in a drop. @default 1 */
  readonly bytes?: number | undefined
  /** Milliseconds between two drops. @default 10 */
  readonly everyMs?: number | undefined
  /** Never comes to an end. @default false */
  readonly endless?: boolean | undefined
}

/**
 * Answers drop by drop, so that something arrives all the time and no idle timeout fires. Closes the connection at
 * the end.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { drip, faultServer } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({ routes: { 'GET /orders': drip({ everyMs: 50, endless: true }) } })
 * ```
 */
export function drip(options: DripOptions = {}): Fault {
  const { at = 'body', bytes = 1, everyMs = 10, endless = false } = options ?? {}
  const check = new OptionCheck('drip()')
  checkPartialAnswer(check, options, [...partialAnswerOptionNames, 'bytes', 'everyMs', 'endless'])
  check.oneOf('at', at, ['headers', 'body'])
  check.number('bytes', bytes, { min: 1, integer: true })
  check.milliseconds('everyMs', everyMs)
  check.boolean('endless', endless)
  check.done()
  const drops = endless ? endlessDrops : finiteDrops
  return {
    kind: `drip ${at}`,
    async apply(exchange) {
      const socket = exchange.takeSocket()
      for (const drop of drops({ ...options, at, bytes })) {
        if (exchange.gone) return
        socket.write(drop)
        await exchange.sleep(everyMs)
      }
      socket.end()
    },
  }
}

type Drops = DripOptions & Required<Pick<DripOptions, 'at' | 'bytes'>> & { bytes: number }

function* finiteDrops({ at, bytes, status = 200, ...answer }: Drops): Generator<Buffer> {
  const rendered = renderWithBody(status, answer)
  const head = answerHead(rendered)
  if (at === 'body') yield head
  const slow = at === 'body' ? rendered.body : Buffer.concat([head, rendered.body])
  for (let from = 0; from < slow.length; from += bytes) yield slow.subarray(from, from + bytes)
}

function* endlessDrops({ at, bytes, status = 200, ...answer }: Drops): Generator<Buffer> {
  const rendered = renderWithBody(status, answer)
  const drop = Buffer.alloc(bytes, 'x')
  if (at === 'headers') {
    const head = answerHead(rendered)
    yield Buffer.concat([head.subarray(0, -2), Buffer.from('x-drip: ')])
    while (true) yield drop
  }
  yield chunkedHead(rendered)
  const chunk = Buffer.concat([Buffer.from(`${bytes.toString(16)}\r\n`), drop, Buffer.from('\r\n')])
  while (true) yield chunk
}
