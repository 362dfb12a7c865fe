import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineContract, isHttpError } from '../../contract/index.js'
import { CircuitOpenError, HttpError } from '../../foundation/errors/index.js'
import { httpError, mockClient, mockResponse } from '../../testing.js'

const orders = defineContract('orders', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: z.object({ id: z.string(), page: z.number().optional() }),
    output: z.object({ id: z.string(), at: z.string().transform((at) => new Date(at)) }),
    errors: { 404: z.object({ reason: z.string(), since: z.string().transform(Number) }) },
  },
  place: {
    method: 'POST',
    path: '/orders',
    input: z.object({ id: z.string() }),
    output: { 201: z.object({ id: z.string() }), 202: z.null() },
    idempotent: 'key',
    retry: { maxAttempts: 3 },
  },
  remove: { method: 'DELETE', path: '/orders/{id}', input: z.object({ id: z.string() }), response: 'none' },
  note: { method: 'GET', path: '/note', response: 'text' },
  image: { method: 'GET', path: '/image', response: 'bytes' },
  log: { method: 'GET', path: '/log', response: 'stream' },
  upload: { method: 'PUT', path: '/log', input: z.instanceof(Readable), body: 'stream', response: 'none' },
  list: { method: 'GET', path: '/orders' },
  probe: { method: 'HEAD', path: '/orders' },
})

const order = { id: '42', at: '2026-01-02T03:04:05.000Z' }

describe('replies', () => {
  it('are read as the contract says, transforms and all', async () => {
    await using client = mockClient(orders, { getOrder: ({ id }) => ({ ...order, id }) })
    expect(await client.getOrder({ id: '43' })).toEqual({ id: '43', at: new Date(order.at) })
  })

  it('are values, promises, or responses with a status of their own', async () => {
    await using client = mockClient(orders, {
      getOrder: order,
      place: async ({ id }) => ({ id }),
      list: mockResponse(206, [1], { 'x-total': '7' }),
    })
    expect(await client.getOrder({ id: '42' })).toMatchObject({ id: '42' })
    expect(await client.place.safe({ id: '1' })).toMatchObject({ ok: true, status: 201, data: { id: '1' } })
    expect(await client.list.safe()).toMatchObject({ status: 206, data: [1], headers: { 'x-total': '7' } })
    client.$handle({ place: mockResponse(202, null) })
    expect(await client.place.safe({ id: '1' })).toMatchObject({ status: 202, data: null })
  })

  it('come in every kind of response', async () => {
    await using client = mockClient(orders, {
      note: 'hello',
      image: new Uint8Array([1, 2]),
      log: () => Readable.from(['one', 'two']),
      remove: undefined,
      probe: undefined,
      list: 'a string',
    })
    expect(await client.note()).toBe('hello')
    expect([...(await client.image())]).toEqual([1, 2])
    expect(await text(await client.log())).toBe('onetwo')
    expect(await client.remove({ id: '1' })).toBeUndefined()
    expect(await client.probe.safe()).toMatchObject({ ok: true, data: undefined })
    expect(await client.list()).toBe('a string')
    client.$handle({ log: new Uint8Array([1, 2, 3]) })
    expect((await buffer(await client.log())).length).toBe(3)
  })

  it('cannot promise what the contract does not', async () => {
    await using client = mockClient(orders, {
      getOrder: { id: 42, at: 'x' } as never,
      place: undefined as never,
    })
    await expect(client.getOrder({ id: '42' })).rejects.toMatchObject({
      code: 'INVALID_RESPONSE',
      operation: 'getOrder',
      dependency: 'orders',
      problems: [{ path: 'id' }],
    })
    expect(await client.place.safe({ id: '1' })).toMatchObject({
      ok: false,
      error: { code: 'INVALID_RESPONSE' },
    })
  })
})

describe('calls', () => {
  it('are checked like those of a client, and only those that get through are recorded', async () => {
    await using client = mockClient(orders, { getOrder: order, place: { id: '1' } })
    await expect(client.getOrder({ id: 42 } as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    for (const options of [{ tmeout: 1 }, { headers: 'x' }, { headers: { 'a b': '1' } }, 'x', null]) {
      await expect(client.getOrder({ id: '42' }, options as never)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      })
    }
    await client.getOrder({ id: 'a/b', page: 2 }, { headers: { 'X-A': 'b' } })
    await client.place({ id: '1' }, { idempotencyKey: 'key-1' })
    expect(client.$calls.getOrder).toMatchObject([
      { input: { id: 'a/b', page: 2 }, method: 'GET', path: '/orders/a%2Fb?page=2', headers: { 'x-a': 'b' } },
    ])
    expect(client.$calls.place).toMatchObject([
      { body: '{"id":"1"}', headers: { 'idempotency-key': 'key-1' } },
    ])
    expect(JSON.stringify(client.$calls)).not.toContain('mock-call')
    client.$clearCalls()
    expect(client.$calls.getOrder).toEqual([])
  })

  it('time out, abort and are refused after closing', async () => {
    const never = () => new Promise<never>(() => {})
    const client = mockClient(orders, { getOrder: never, list: [] })
    await expect(client.getOrder({ id: '1' }, { timeoutMs: 10 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    })
    const aborted = client.getOrder({ id: '1' }, { signal: AbortSignal.timeout(10) })
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
    expect(client.$calls.getOrder.every(({ signal }) => signal.aborted)).toBe(true)
    await client.$close()
    await expect(client.list()).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('hand a streamed body to the handler', async () => {
    await using client = mockClient(orders, {
      upload: async (_, { body }) => {
        expect(await text(body as Readable)).toBe('abc')
        return undefined
      },
    })
    await client.upload(Readable.from(['a', 'bc']))
    client.$handle({ upload: undefined })
    const unread = Readable.from(['a'])
    await client.upload(unread)
    expect(unread.destroyed).toBe(true)
  })
})

describe('failures', () => {
  it('are errors of Holdfast, thrown, returned or given, and are not retried', async () => {
    await using client = mockClient(orders, {
      getOrder: () => {
        throw httpError(orders.getOrder, 404, { reason: 'gone', since: '7' }, { 'retry-after': '2' })
      },
      place: async () => new CircuitOpenError('open', 5),
      list: mockResponse(503, 'down'),
    })
    const error: unknown = await client.getOrder({ id: '42' }).catch((caught: unknown) => caught)
    expect(isHttpError(error, orders.getOrder, 404) && error.body).toEqual({ reason: 'gone', since: 7 })
    expect(error).toMatchObject({
      operation: 'getOrder',
      dependency: 'orders',
      declared: true,
      retryAfterMs: 2_000,
    })
    expect(await client.place.safe({ id: '1' })).toMatchObject({
      error: { code: 'CIRCUIT_OPEN', retryAfterMs: 5 },
    })
    expect(await client.list.safe()).toMatchObject({
      error: { code: 'HTTP_STATUS', status: 503, body: 'down' },
    })
    expect(client.$calls.list).toHaveLength(1)
    expect(client.$calls.place).toHaveLength(1)
  })

  it('are retried when asked for', async () => {
    let failures = 2
    const retry = { maxAttempts: 3, baseMs: 1, maxMs: 1 }
    await using client = mockClient(
      orders,
      { list: () => (failures-- > 0 ? mockResponse(503) : ['ok']) },
      { retry, retryBudget: false },
    )
    expect(await client.list()).toEqual(['ok'])
    expect(client.$calls.list).toHaveLength(3)
  })

  it('of the mock itself are never taken for outcomes', async () => {
    const bug = new TypeError('a bug in the test')
    await using client = mockClient(orders, {
      list: () => {
        throw bug
      },
      note: () => ({ a: 1n }) as never,
      image: 'text' as never,
      log: 5 as never,
    })
    await expect(client.list()).rejects.toBe(bug)
    await expect(client.list.safe()).rejects.toBe(bug)
    await expect(client.getOrder.safe({ id: '1' })).rejects.toThrow('getOrder: was called but has no handler')
    client.$handle({ list: { a: 1n } })
    await expect(client.list.safe()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(client.log.safe()).rejects.toThrow('must be bytes, text or a readable stream')
  })
})

describe('wrong arguments', () => {
  it('are named', () => {
    expect(() => mockClient({} as never)).toThrow('is not a contract')
    expect(() => mockClient(orders, { getOrdr: 1, plce: 2 } as never)).toThrow(
      /getOrdr.*'getOrder'.*plce.*'place'/,
    )
    expect(() => mockClient(orders, {}, { timeoutMs: -1 })).toThrow('timeoutMs')
    expect(() => mockResponse(99)).toThrow('status')
  })
})

describe('httpError', () => {
  it('is what a client throws', () => {
    const error = httpError(orders.getOrder, 500, 'broken')
    expect(error).toBeInstanceOf(HttpError)
    expect(error).toMatchObject({ status: 500, body: 'broken', declared: false, retryable: false })
    expect(httpError(orders.list, 503, 'down')).toMatchObject({ body: 'down', retryable: true })
  })

  it('refuses a body that is not as declared', () => {
    expect(() => httpError(orders.getOrder, 404, { reason: 1 } as never)).toThrow(/body.reason.*body.since/)
    expect(() => httpError(orders.getOrder, 200, 'x' as never)).toThrow('from 300 to 599')
    const slow = defineContract('slow', {
      get: { method: 'GET', path: '/', errors: { 400: z.string().refine(async () => true) } },
    })
    expect(() => httpError(slow.get, 400, 'x')).toThrow('asynchronous schema')
  })
})
