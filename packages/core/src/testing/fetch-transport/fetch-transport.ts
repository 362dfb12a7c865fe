import { Dispatcher, errors } from 'undici'
import { FetchExchange } from './fetch-exchange.js'

class FetchDispatcher extends Dispatcher {
  readonly #exchanges = new Set<FetchExchange>()

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const exchange = new FetchExchange(options, handler)
    this.#exchanges.add(exchange)
    void exchange.run().then(() => this.#exchanges.delete(exchange))
    return true
  }

  /** Nothing is kept open between requests. */
  override close(callback?: () => void): Promise<void> {
    callback?.()
    return Promise.resolve()
  }

  override destroy(reason?: unknown, callback?: () => void): Promise<void> {
    const error = reason instanceof Error ? reason : new errors.ClientDestroyedError()
    for (const exchange of this.#exchanges) exchange.abort(error)
    const done = typeof reason === 'function' ? (reason as () => void) : callback
    done?.()
    return Promise.resolve()
  }
}

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
  return new FetchDispatcher()
}
