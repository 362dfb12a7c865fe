import type { Readable } from 'node:stream'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { defineContract, isHttpError } from '../../../contract/index.js'
import type { HoldfastError } from '../../../foundation/errors/index.js'
import type { ClientStats } from '../../operation/client-types.js'
import { createClient } from './create-client.js'

const orders = defineContract('orders', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: z.object({ id: z.string() }),
    output: z.object({ id: z.string(), at: z.string().transform((text) => new Date(text)) }),
    errors: { 404: z.object({ reason: z.string() }) },
  },
  listOrders: { method: 'GET', path: '/orders' },
  countOrders: { method: 'GET', path: '/count', output: { 200: z.number(), 202: z.null() } },
  removeOrder: {
    method: 'DELETE',
    path: '/orders/{id}',
    input: z.object({ id: z.string() }),
    response: 'none',
  },
  download: { method: 'GET', path: '/download', response: 'stream' },
})
const client = createClient(orders, { baseUrl: 'http://orders' })

async function calls() {
  const order = await client.getOrder({ id: '42' })
  expectTypeOf(order).toEqualTypeOf<{ id: string; at: Date }>()
  expectTypeOf(await client.listOrders()).toEqualTypeOf<unknown>()
  expectTypeOf(await client.countOrders()).toEqualTypeOf<number | null>()
  expectTypeOf(await client.removeOrder({ id: '42' })).toEqualTypeOf<undefined>()
  expectTypeOf(await client.download()).toEqualTypeOf<Readable>()
  // @ts-expect-error an input is needed
  await client.getOrder()
  // @ts-expect-error of the right type
  await client.getOrder({ id: 42 })
  // @ts-expect-error options come after undefined
  await client.listOrders({ timeoutMs: 5 })
  await client.listOrders(undefined, { timeoutMs: 5 })
  // @ts-expect-error no such operation
  await client.getOrders()
}

async function safe() {
  const result = await client.getOrder.safe({ id: '42' })
  if (result.ok) {
    expectTypeOf(result.data).toEqualTypeOf<{ id: string; at: Date }>()
    expectTypeOf(result.status).toEqualTypeOf<number>()
    return
  }
  expectTypeOf(result.error).toEqualTypeOf<HoldfastError>()
  if (isHttpError(result.error, orders.getOrder, 404)) {
    expectTypeOf(result.error.body).toEqualTypeOf<{ reason: string }>()
  }
  if (isHttpError(result.error, orders.getOrder, 409)) expectTypeOf(result.error.body).toEqualTypeOf<string>()
  if (isHttpError(result.error)) expectTypeOf(result.error.status).toEqualTypeOf<number>()
}

function controls() {
  expectTypeOf(client.$stats()).toEqualTypeOf<ClientStats>()
  expectTypeOf(client.$close()).toEqualTypeOf<Promise<void>>()
  client.$on('retry', ({ attempt, delayMs, operation }) => {
    expectTypeOf(attempt).toEqualTypeOf<number>()
    expectTypeOf(delayMs).toEqualTypeOf<number>()
    expectTypeOf(operation).toEqualTypeOf<string>()
  })
  // @ts-expect-error no such event
  client.$on('retries', () => {})
}

function options() {
  createClient(orders, { endpoints: ['http://orders-1:3000', { url: 'http://orders-2:3000', weight: 2 }] })
  // @ts-expect-error an endpoint needs a URL
  createClient(orders, { endpoints: [{ weight: 2 }] })
  // @ts-expect-error what an outcome means is decided by the client
  createClient(orders, { baseUrl: '', adaptiveConcurrency: { classify: () => 'neutral' } })
  // @ts-expect-error not available in this version
  createClient(orders, { baseUrl: '', auth: {} })
  // @ts-expect-error no such operation
  createClient(orders, { baseUrl: '', operations: { getOrders: {} } })
  // @ts-expect-error the client judges for itself
  createClient(orders, { baseUrl: '', circuitBreaker: { classify: () => 'success' } })
  createClient(orders, {
    baseUrl: new URL('http://orders'),
    fallback: false,
    operations: {
      // @ts-expect-error a fallback answers what the operation does
      getOrder: { fallback: () => ({ id: 42 }) },
      countOrders: { fallback: async (error) => error.attempts },
    },
  })
}
