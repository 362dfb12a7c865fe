/** An orders service on `http://orders:3000`, its contract, and its address. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { defineContract } from '@holdfast/core'
import { z } from 'zod'

export const Order = z.object({ id: z.string(), status: z.string(), total: z.number() })

export const NewOrder = z.object({ sku: z.string(), quantity: z.number() })

export const NotFound = z.object({ reason: z.string() })

export const orders = defineContract('orders', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: z.object({ id: z.string() }),
    output: Order,
    errors: { 404: NotFound },
  },
  listOrders: { method: 'GET', path: '/orders', output: z.array(Order) },
  placeOrder: { method: 'POST', path: '/orders', input: NewOrder, output: Order, idempotent: 'key' },
})

const order = (id: string) => ({ id, status: 'paid', total: 12 })

const server = createServer((request, response) => {
  const [, , id] = (request.url ?? '').split('?')[0]?.split('/') ?? []
  const isUnknown = id === 'unknown'
  const answer = id === undefined && request.method === 'GET' ? [order('42')] : order(id ?? '43')
  request.resume()
  response.writeHead(isUnknown ? 404 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(isUnknown ? { reason: 'no such order' } : answer))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

/** The service's real address. */
export const ordersUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

/** Connections to these names reach the local servers. */
export const hosts = { 'orders:3000': ordersUrl }

export function dispose(): void {
  server.closeAllConnections()
  server.close()
}
