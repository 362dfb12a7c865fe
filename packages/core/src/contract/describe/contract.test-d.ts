import type { Readable } from 'node:stream'
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import * as mini from 'zod/mini'
import type { HttpError } from '../../foundation/errors/index.js'
import {
  type CallInput,
  type CallOutput,
  contractNameKey,
  defineContract,
  type ErrorBody,
  type InferOutput,
  isHttpError,
  type Operation,
  type StandardSchema,
} from '../index.js'

const NotFound = z.object({ reason: z.string() })
const shop = defineContract('shop', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: z.object({ id: z.string(), at: z.string().transform(Number).optional() }),
    output: z.object({ total: z.string().transform(Number) }),
    errors: {
      404: NotFound,
      '4XX': z.object({ client: z.number() }),
      '5XX': z.object({ server: z.number() }),
    },
  },
  list: {
    method: 'GET',
    path: '/orders',
    output: { 200: z.array(z.string()), 202: z.object({ job: z.string() }) },
  },
  text: { method: 'GET', path: '/text', response: 'text' },
  bytes: { method: 'GET', path: '/bytes', response: 'bytes' },
  stream: { method: 'GET', path: '/stream', response: 'stream' },
  none: { method: 'POST', path: '/none', response: 'none' },
  head: { method: 'HEAD', path: '/' },
  undeclared: { method: 'GET', path: '/', errors: { default: NotFound } },
})
type Shop = typeof shop

describe('calls', () => {
  it('take what the input schema takes, and give what the output schema gives', () => {
    expectTypeOf<CallInput<Shop['getOrder']>>().toEqualTypeOf<{ id: string; at?: string | undefined }>()
    expectTypeOf<CallOutput<Shop['getOrder']>>().toEqualTypeOf<{ total: number }>()
    expectTypeOf<CallInput<Shop['list']>>().toEqualTypeOf<undefined>()
    expectTypeOf<CallOutput<Shop['list']>>().toEqualTypeOf<string[] | { job: string }>()
  })

  it('give what the response kind says where there is no output', () => {
    expectTypeOf<CallOutput<Shop['text']>>().toEqualTypeOf<string>()
    expectTypeOf<CallOutput<Shop['bytes']>>().toEqualTypeOf<Buffer>()
    expectTypeOf<CallOutput<Shop['stream']>>().toEqualTypeOf<Readable>()
    expectTypeOf<CallOutput<Shop['none']>>().toEqualTypeOf<undefined>()
    expectTypeOf<CallOutput<Shop['head']>>().toEqualTypeOf<undefined>()
    expectTypeOf<CallOutput<Shop['undeclared']>>().toEqualTypeOf<unknown>()
  })

  it('follow any Standard Schema', () => {
    expectTypeOf<CallInput<{ input: StandardSchema<string, number> }>>().toEqualTypeOf<string>()
    expectTypeOf<CallOutput<{ output: StandardSchema<string, number> }>>().toEqualTypeOf<number>()
    const object = mini.object({ a: mini.string() })
    expectTypeOf<InferOutput<typeof object>>().toEqualTypeOf<{ a: string }>()
    expectTypeOf(object).toExtend<StandardSchema>()
  })
})

describe('errors', () => {
  it('have the body of the most exact declaration, else text', () => {
    expectTypeOf<ErrorBody<Shop['getOrder'], 404>>().toEqualTypeOf<{ reason: string }>()
    expectTypeOf<ErrorBody<Shop['getOrder'], 409>>().toEqualTypeOf<{ client: number }>()
    expectTypeOf<ErrorBody<Shop['getOrder'], 503>>().toEqualTypeOf<{ server: number }>()
    expectTypeOf<ErrorBody<Shop['undeclared'], 418>>().toEqualTypeOf<{ reason: string }>()
    expectTypeOf<ErrorBody<Shop['list'], 404>>().toEqualTypeOf<string>()
  })

  it('are narrowed by isHttpError', () => {
    const error: unknown = undefined
    if (isHttpError(error)) expectTypeOf(error).toEqualTypeOf<HttpError>()
    if (isHttpError(error, shop.getOrder, 404))
      expectTypeOf(error).toEqualTypeOf<HttpError<404, { reason: string }>>()
    if (isHttpError(error, undefined, 404)) expectTypeOf(error.status).toEqualTypeOf<404>()
    if (isHttpError(error, shop.getOrder)) {
      expectTypeOf(error.status).toEqualTypeOf<number>()
      expectTypeOf(error.body).toEqualTypeOf<
        string | { reason: string } | { client: number } | { server: number }
      >()
    }
  })
})

describe('a contract', () => {
  it('keeps its name and its operations', () => {
    expectTypeOf(shop[contractNameKey]).toEqualTypeOf<'shop'>()
    expectTypeOf(shop.getOrder.method).toEqualTypeOf<'GET'>()
    expectTypeOf(shop.getOrder).toExtend<Operation>()
  })

  it('can be made of the operations of another', () => {
    const more = defineContract('more', { ...shop, ping: { method: 'GET', path: '/ping' } })
    expectTypeOf(more[contractNameKey]).toEqualTypeOf<'more'>()
    expectTypeOf<CallOutput<(typeof more)['text']>>().toEqualTypeOf<string>()
  })

  it('takes only what an operation can be', () => {
    // @ts-expect-error no such method
    defineContract('x', { op: { method: 'FETCH', path: '/' } })
    // @ts-expect-error the path is missing
    defineContract('x', { op: { method: 'GET' } })
    // @ts-expect-error not a schema
    defineContract('x', { op: { method: 'GET', path: '/', input: { id: 'string' } } })
    // @ts-expect-error no such place
    defineContract('x', { op: { method: 'GET', path: '/', in: { id: 'cookie' } } })
  })
})
