import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { OptionCheck, show } from '../../foundation/config/index.js'
import { type AnswerOptions, answerOptionNames, checkAnswer, renderAnswer } from '../faults/answer.js'
import type { ScriptedResponse } from './dispatch-exchange.js'
import { headerPairs } from './request-headers.js'
import { ScriptedDispatcher } from './scripted-dispatcher.js'

/** A request, as a script sees it. */
export interface ScriptedRequest {
  readonly method: string
  readonly origin: string
  /** Path and query. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | Readable | undefined
  /** Aborts when the client gives up. */
  readonly signal: AbortSignal
}

/** What a script answers. */
export interface ScriptedAnswer extends AnswerOptions {
  /** @default 200 */
  readonly status?: number | undefined
}

/**
 * A dispatcher that answers out of a function instead of a network: for simulations in virtual time, where a fake
 * clock drives the client and the script alike. What the function throws is what the transport fails with: an error
 * with the `code` of a system error, or one of Holdfast's own.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `respond` is no function.
 * @example
 * ```ts
 * import { createClient, defineContract } from '@holdfast/core'
 * import { scriptedTransport } from '@holdfast/core/testing'
 *
 * const orders = defineContract('orders', { listOrders: { method: 'GET', path: '/orders' } })
 * const dispatcher = scriptedTransport(({ path }) => ({ json: [{ path }] }))
 * await using client = createClient(orders, { baseUrl: 'http://orders', dispatcher })
 * console.log(await client.listOrders()) // [ { path: '/orders' } ]
 * ```
 */
export function scriptedTransport(
  respond: (request: ScriptedRequest) => ScriptedAnswer | PromiseLike<ScriptedAnswer>,
): Dispatcher {
  const check = new OptionCheck('scriptedTransport()')
  if (typeof respond !== 'function') check.add('', `takes a function, not ${show(respond)}`)
  check.done()
  return new ScriptedDispatcher(async (options, signal) => render(await respond(requestOf(options, signal))))
}

function requestOf(options: Dispatcher.DispatchOptions, signal: AbortSignal): ScriptedRequest {
  const { method, path, origin, body } = options
  const headers: Record<string, string> = {}
  for (const [name, value] of headerPairs(options.headers)) headers[name.toLowerCase()] = value
  return {
    method,
    path,
    origin: String(origin),
    headers,
    body: (body ?? undefined) as ScriptedRequest['body'],
    signal,
  }
}

function render({ status = 200, ...answer }: ScriptedAnswer): ScriptedResponse {
  const check = new OptionCheck('the answer of a scriptedTransport()')
  checkAnswer(check, status, answer, answerOptionNames)
  check.done()
  const { headers: pairs, body } = renderAnswer(status, answer)
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of pairs) {
    const before = headers[name.toLowerCase()]
    headers[name.toLowerCase()] = before === undefined ? value : [before, value].flat()
  }
  return { status, headers, body: body.length === 0 ? undefined : [body] }
}
