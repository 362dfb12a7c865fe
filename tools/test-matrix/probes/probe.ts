import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient, defineContract, isHttpError } from '@holdfast/core'
import { faultServer } from '@holdfast/core/testing'
import { z } from 'zod'

const orders = defineContract('orders', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: z.object({ id: z.string() }),
    output: z.object({ id: z.string(), total: z.number() }),
    errors: { 404: z.object({ reason: z.string() }) },
  },
})

const server = createServer((request, response) => {
  const id = request.url?.split('/').at(-1)
  response.statusCode = id === 'none' ? 404 : 200
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(id === 'none' ? { reason: 'unknown' } : { id, total: 12 }))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
const client = createClient(orders, { baseUrl: `http://127.0.0.1:${port}` })

const order = await client.getOrder({ id: '42' })
const total: number = order.total
if (total !== 12) throw new Error(`expected a total of 12, got ${total}`)

const missing = await client.getOrder.safe({ id: 'none' })
if (missing.ok || !isHttpError(missing.error, orders.getOrder, 404)) throw new Error('expected a typed 404')
const reason: string = missing.error.body.reason
if (reason !== 'unknown') throw new Error(`expected a reason, got ${reason}`)
if (typeof faultServer !== 'function') throw new Error('expected the fault server')

// Responses in an SQLite file need a Node.js that has it; an older one says so.
const hasSqlite = process.getBuiltinModule?.('node:sqlite') !== undefined
const cache = { store: { sqlite: ':memory:' }, staleIfErrorMs: 60_000 }
try {
  const cached = createClient(orders, { baseUrl: `http://127.0.0.1:${port}`, cache })
  await cached.getOrder({ id: '42' })
  const kept = await cached.getOrder.safe({ id: '42' })
  await cached.$close()
  if (!hasSqlite || !kept.ok || kept.cache !== 'miss') throw new Error('expected nothing to be fresh')
} catch (error) {
  if (hasSqlite || !String(error).includes('needs node:sqlite')) throw error
}

await client.$close()
server.close()
process.stdout.write('ok\n')
