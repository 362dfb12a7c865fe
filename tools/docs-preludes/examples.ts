/** What an `@example` in a doc comment may use without declaring it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient, defineContract } from '@holdfast/core'
import { z } from 'zod'

const server = createServer((request, response) => {
  request.resume()
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ id: request.url?.split('/').at(-1) ?? '', total: 12 }))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

/** A service that answers every request with an order. */
export const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

export const hosts = { 'orders:3000': baseUrl, 'localhost:3000': baseUrl, '127.0.0.1:3000': baseUrl }

export const Order = z.object({ id: z.string(), total: z.number() })

export const orders = defineContract('orders', {
  getOrder: { method: 'GET', path: '/orders/{id}', input: z.object({ id: z.string() }), output: Order },
})

export const client = createClient(orders, { baseUrl })

export async function dispose(): Promise<void> {
  await client.$close()
  server.closeAllConnections()
  server.close()
}
