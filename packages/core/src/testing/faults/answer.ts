import { type IncomingMessage, STATUS_CODES } from 'node:http'
import { OptionCheck } from '../../foundation/config/index.js'
import type { Exchange, Fault } from './fault.js'

/** What an answer consists of, beside its status. */
export interface AnswerOptions {
  /** Sent as JSON, with the content type. */
  readonly json?: unknown
  /** Sent as it is. @default `{}`, or `{"error":"..."}` for an error status */
  readonly body?: string | Uint8Array | undefined
  /** A list sends the header several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** `Retry-After`: a number of seconds, a date, or any text, however wrong. */
  readonly retryAfter?: number | string | Date | undefined
}

/** An answer ready to be written. */
export interface RenderedAnswer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
}

/** Names of `AnswerOptions`. */
export const answerOptionNames = ['json', 'body', 'headers', 'retryAfter'] as const

/**
 * Answers properly. The request's body is read to its end first, as most services do.
 *
 * @param status The status. @default 200
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { answer, faultServer } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({
 *   routes: {
 *     'GET /orders/{id}': answer(200, { json: { id: '42' } }),
 *     'POST /orders': answer(503, { retryAfter: 2 }),
 *   },
 * })
 * console.log((await fetch(`${server.url}/orders/42`)).status) // 200
 * ```
 */
export function answer(status = 200, options: AnswerOptions = {}): Fault {
  const check = new OptionCheck('answer()')
  checkAnswer(check, status, options, answerOptionNames)
  check.done()
  const rendered = renderAnswer(status, options)
  const headers = rendered.headers.flat()
  return {
    kind: `answer ${status}`,
    async apply(exchange) {
      await bodyRead(exchange.request)
      send(exchange, rendered, headers)
    },
  }
}

function send({ response, gone }: Exchange, { status, body }: RenderedAnswer, headers: string[]): void {
  if (gone) return
  response.writeHead(status, headers)
  response.end(body)
}

/** Settles when the request's body has been read and dropped, or the client has gone. */
async function bodyRead(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed || !hasBody(request)) return
  request.resume()
  await new Promise((resolve) => request.once('close', resolve))
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Adds what is wrong with the options of an answer. */
export function checkAnswer(
  check: OptionCheck,
  status: unknown,
  options: AnswerOptions,
  known: readonly string[],
): void {
  check.number('status', status ?? null, { min: 200, max: 599, integer: true })
  if (!check.object('', options, known)) return
  if (options.json !== undefined && options.body !== undefined)
    check.add('json', 'and body exclude each other')
  if (options.json !== undefined && stringify(options.json) === undefined)
    check.add('json', 'cannot be sent as JSON')
  const { body } = options
  if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)) {
    check.add('body', 'must be a string or bytes; give a value that is to be serialised as json')
  }
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    const values = Array.isArray(value) ? value : [value]
    if (!values.every((one) => typeof one === 'string'))
      check.add(`headers.${name}`, 'must be a string or a list of strings')
  }
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

/** The headers and bytes of an answer. */
export function renderAnswer(status: number, options: AnswerOptions): RenderedAnswer {
  const headers: [string, string][] = []
  const { body, isJson } = bodyOf(status, options)
  const given = Object.entries(options.headers ?? {})
  const has = (name: string) => given.some(([one]) => one.toLowerCase() === name)
  if (isJson && !has('content-type')) headers.push(['content-type', 'application/json'])
  if (!isBodiless(status) && !has('content-length') && !has('transfer-encoding')) {
    headers.push(['content-length', String(body.length)])
  }
  if (options.retryAfter !== undefined) headers.push(['retry-after', retryAfterText(options.retryAfter)])
  for (const [name, value] of given) {
    for (const one of typeof value === 'string' ? [value] : value) headers.push([name, one])
  }
  return { status, headers, body }
}

function bodyOf(status: number, { json, body }: AnswerOptions): { body: Buffer; isJson: boolean } {
  if (body !== undefined) return { body: Buffer.from(body), isJson: false }
  if (isBodiless(status)) return { body: Buffer.alloc(0), isJson: false }
  const standIn = status < 400 ? {} : { error: STATUS_CODES[status] ?? String(status) }
  return { body: Buffer.from(JSON.stringify(json === undefined ? standIn : json)), isJson: true }
}

function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

function retryAfterText(value: number | string | Date): string {
  return value instanceof Date ? value.toUTCString() : String(value)
}
