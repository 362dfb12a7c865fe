import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { defineContract } from '../contract/index.js'
import { type HoldfastError, isHoldfastError } from '../errors/index.js'
import type { ClientOptions } from './client-options.js'
import type { Client } from './client-types.js'
import { createClient } from './create-client.js'

const Order = z.object({ id: z.string() })
const Id = z.object({ id: z.string() })

/** A contract with an operation of every kind. */
export const orders = defineContract('orders', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: Id,
    output: Order,
    errors: { 404: z.object({ reason: z.string() }) },
  },
  listOrders: { method: 'GET', path: '/orders' },
  placeOrder: { method: 'POST', path: '/orders', input: z.object({ item: z.string() }), idempotent: 'key' },
  noteOrder: { method: 'POST', path: '/notes', input: z.object({ text: z.string() }) },
  removeOrder: { method: 'DELETE', path: '/orders/{id}', input: Id, response: 'none' },
  download: { method: 'GET', path: '/download', response: 'stream' },
  upload: {
    method: 'PUT',
    path: '/upload',
    input: z.object({ file: z.unknown() }),
    in: { file: 'whole-body' },
    body: 'stream',
  },
})

export type OrdersClient = Client<typeof orders>
export type OrdersOptions = ClientOptions<typeof orders>

/** A client for the running test. Retries follow at once, unless `options` say otherwise. */
export function openOrders(
  service: { readonly url: string },
  options: Partial<OrdersOptions> = {},
): OrdersClient {
  const client = createClient(orders, {
    baseUrl: service.url,
    retry: { baseMs: 1, maxMs: 1 },
    ...options,
  } as OrdersOptions)
  onTestFinished(() => client.$close())
  return client
}

/** What `call` fails with, which must be an error of Holdfast's. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<HoldfastError & Readonly<Record<string, unknown>>> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  expect(outcome).toHaveProperty('error')
  const { error } = outcome as { error: unknown }
  if (!isHoldfastError(error)) throw error
  return error as never
}
