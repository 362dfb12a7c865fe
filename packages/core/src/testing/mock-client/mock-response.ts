import type { Operation } from '../../contract/index.js'
import { ConfigInvalidError, type ResponseHeaders } from '../../foundation/errors/index.js'
import type { ScriptedResponse } from '../scripted-transport/dispatch-exchange.js'

/** A reply with a status and headers of its own. Made by `mockResponse`. */
export class MockResponse {
  readonly status: number
  readonly body: unknown
  readonly headers: ResponseHeaders

  constructor(status: number, body: unknown, headers: ResponseHeaders) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/**
 * What a handler of `mockClient` returns to choose status and headers. The body is read as the contract says, so that
 * a wrong one fails as that of a service would: this is how to mock a service that breaks its contract.
 *
 * @param headers Lower-case names.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` for a status that is none.
 * @example
 * ```ts
 * import { defineContract } from '@holdfast/core'
 * import { mockClient, mockResponse } from '@holdfast/core/testing'
 *
 * const orders = defineContract('orders', { listOrders: { method: 'GET', path: '/orders' } })
 * await using client = mockClient(orders, { listOrders: mockResponse(503, 'down', { 'retry-after': '2' }) })
 * const result = await client.listOrders.safe()
 * console.log(result.ok ? result.data : result.error.code) // HTTP_STATUS
 * ```
 */
export function mockResponse(status: number, body?: unknown, headers: ResponseHeaders = {}): MockResponse {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new ConfigInvalidError('mockResponse()', [
      { path: 'status', message: 'must be a status from 200 to 599' },
    ])
  }
  return new MockResponse(status, body, headers)
}

/** What a plain reply is sent as. */
export function successOf(operation: Operation, reply: unknown): MockResponse {
  const hasBody = reply !== undefined && operation.response !== 'none'
  return new MockResponse(hasBody ? successStatus(operation) : 204, hasBody ? reply : undefined, {})
}

/** The lowest success that a map of outputs declares. */
function successStatus({ output }: Operation): number {
  if (output === undefined || '~standard' in output) return 200
  return Number(Object.keys(output).find((status) => /^2\d\d$/.test(status)) ?? 200)
}

/** The response as it would have arrived. */
export function asSent(
  operation: Operation,
  { status, body, headers }: MockResponse,
  subject: string,
): ScriptedResponse {
  if (body === undefined || operation.method === 'HEAD') return { status, headers, body: undefined }
  const { bytes, contentType } = written(kindOf(operation, status, body), body, subject)
  return { status, headers: { 'content-type': contentType, ...headers }, body: bytes }
}

type Kind = 'json' | 'text' | 'bytes' | 'stream'

function kindOf({ response = 'json', errors }: Operation, status: number, body: unknown): Kind {
  if (status < 300) return response === 'none' ? 'json' : response
  return typeof body === 'string' && !isDeclared(errors, status) ? 'text' : 'json'
}

function isDeclared(errors: Operation['errors'], status: number): boolean {
  const keys = [String(status), `${Math.floor(status / 100)}XX`, 'default']
  return errors !== undefined && keys.some((key) => Object.hasOwn(errors, key))
}

interface Written {
  readonly bytes: NonNullable<ScriptedResponse['body']>
  readonly contentType: string
}

function written(kind: Kind, body: unknown, subject: string): Written {
  if (kind === 'json') return { bytes: [Buffer.from(jsonOf(body, subject))], contentType: 'application/json' }
  if (kind === 'text') return { bytes: [Buffer.from(String(body))], contentType: 'text/plain; charset=utf-8' }
  const contentType = 'application/octet-stream'
  if (typeof body === 'string' || body instanceof Uint8Array)
    return { bytes: [Buffer.from(body)], contentType }
  if (kind === 'stream' && typeof body === 'object' && body !== null && Symbol.asyncIterator in body) {
    return { bytes: asBytes(body as AsyncIterable<string | Uint8Array>), contentType }
  }
  const message = `must be bytes${kind === 'stream' ? ', text or a readable stream' : ''}`
  throw new ConfigInvalidError(subject, [{ path: 'reply', message }])
}

function jsonOf(body: unknown, subject: string): string {
  try {
    const json = JSON.stringify(body)
    if (json !== undefined) return json
  } catch (cause) {
    const message = `cannot be sent as JSON: ${String(cause)}`
    throw new ConfigInvalidError(subject, [{ path: 'reply', message }], { cause })
  }
  throw new ConfigInvalidError(subject, [
    { path: 'reply', message: `cannot be sent as JSON: a ${typeof body}` },
  ])
}

async function* asBytes(body: AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield Buffer.from(chunk)
}
