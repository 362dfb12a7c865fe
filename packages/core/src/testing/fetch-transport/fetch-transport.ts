import { Readable } from 'node:stream'
import { type Dispatcher, errors } from 'undici'
import type { Responder } from '../scripted-transport/dispatch-exchange.js'
import { ScriptedDispatcher } from '../scripted-transport/scripted-dispatcher.js'
import { fetchHeaders, responseHeaders } from './fetch-headers.js'
import { networkError } from './network-error.js'

/**
 * A dispatcher that sends every request by the global `fetch`. Given to a client as its `dispatcher`, it lets tools
 * that replace `fetch`, such as nock 14 and MSW, answer in place of the service. For tests only: it costs several times
 * as much, `fetch` adds headers of its own, takes a gzip body that was cut short for a whole one, and cannot send a body
 * with GET or HEAD. A request that nock knows no answer to fails with `INVALID_INPUT`, which is not retried.
 *
 * @example
 * ```ts
 * import { createClient, defineContract } from '@holdfast/core'
 * import { fetchTransport } from '@holdfast/core/testing'
 * import nock from 'nock'
 *
 * nock('http://orders').get('/orders').reply(200, [])
 * const orders = defineContract('orders', { listOrders: { method: 'GET', path: '/orders' } })
 * await using client = createClient(orders, { baseUrl: 'http://orders', dispatcher: fetchTransport() })
 * console.log(await client.listOrders()) // []
 * ```
 */
export function fetchTransport(): Dispatcher {
  return new ScriptedDispatcher(respondByFetch)
}

const respondByFetch: Responder = async (options, signal) => {
  const init = requestInit(options, signal)
  try {
    const response = await fetch(urlOf(options), init)
    return {
      status: response.status,
      statusText: response.statusText,
      headers: responseHeaders(response, options.method),
      body: response.body === null ? undefined : bodyOf(response.body as AsyncIterable<Uint8Array>),
    }
  } catch (error) {
    throw networkError(error)
  }
}

function urlOf({ path, origin, query = {} }: Dispatcher.DispatchOptions): string {
  const url = new URL(path, origin)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value))
  return url.href
}

function requestInit(options: Dispatcher.DispatchOptions, signal: AbortSignal): RequestInit {
  const { method, body, upgrade } = options
  const hasBody = body !== undefined && body !== null
  if (upgrade) throw new errors.NotSupportedError('fetchTransport() cannot upgrade a connection')
  if (hasBody && (method === 'GET' || method === 'HEAD')) {
    throw new errors.NotSupportedError(`fetchTransport() cannot send a body with ${method}`)
  }
  return {
    method,
    headers: fetchHeaders(options.headers),
    body: (body instanceof Readable ? Readable.toWeb(body) : (body ?? null)) as never,
    redirect: 'manual',
    signal,
    ...(hasBody ? { duplex: 'half' as const } : {}),
  }
}

async function* bodyOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw networkError(error)
  }
}
