import type { Readable } from 'node:stream'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { createClient } from '../../client/index.js'
import { defineContract } from '../../contract/index.js'
import type { HttpError } from '../../foundation/errors/index.js'
import { httpError, mockClient } from '../../testing.js'

const orders = defineContract('orders', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: z.object({ id: z.string() }),
    output: z.object({ id: z.string(), at: z.string().transform((at) => new Date(at)) }),
    errors: { 404: z.object({ since: z.string().transform(Number) }) },
  },
  log: { method: 'GET', path: '/log', response: 'stream' },
  list: { method: 'GET', path: '/orders' },
})

const real = createClient(orders, { baseUrl: 'http://orders' })
const mock = mockClient(orders, {
  getOrder: (input, call) => {
    expectTypeOf(input).toEqualTypeOf<{ id: string }>()
    expectTypeOf(call.input).toEqualTypeOf<{ id: string }>()
    return { id: input.id, at: '2026-01-01' }
  },
  list: (input) => {
    expectTypeOf(input).toEqualTypeOf<undefined>()
    return []
  },
})

expectTypeOf(mock).toExtend<typeof real>()
expectTypeOf(mock.getOrder).toEqualTypeOf(real.getOrder)
expectTypeOf(mock.log).returns.resolves.toEqualTypeOf<Readable>()
expectTypeOf(mock.$calls.getOrder).items.toHaveProperty('input').toEqualTypeOf<{ id: string }>()

// @ts-expect-error the service sends text where the client sees a Date
mockClient(orders, { getOrder: { id: '42', at: new Date() } })
// @ts-expect-error no such operation
mockClient(orders, { getOrdr: { id: '42', at: '' } })
// @ts-expect-error an unfinished reply
mockClient(orders, { getOrder: () => ({ id: '42' }) })

expectTypeOf(httpError(orders.getOrder, 404, { since: '7' })).toEqualTypeOf<
  HttpError<404, { since: number }>
>()
expectTypeOf(httpError(orders.getOrder, 500, 'text')).toEqualTypeOf<HttpError<500, string>>()
// @ts-expect-error not the declared body
httpError(orders.getOrder, 404, { since: 7 })
