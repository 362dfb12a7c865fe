import { describe, expect, it, vi } from 'vitest'
import { failureOf } from '../../../test/fixtures/orders.js'
import {
  type AnswerShop,
  item,
  openShop,
  type ShopOptions,
  shopServer,
  testClock,
} from '../../../test/fixtures/shop.js'
import { runWithContext } from '../../telemetry/context/index.js'
import { createMetrics } from '../../telemetry/metrics/index.js'
import { Answer } from './answer.js'

/** A server that answers when the test says so. */
async function heldServer(answer: AnswerShop = item()) {
  const held = new Map<number, () => void>()
  const server = await shopServer((request, response, serial) => {
    held.set(serial, () => answer(request, response, serial))
  })
  const asked = (count: number) => vi.waitFor(() => expect(server.seen).toHaveLength(count))
  /** Answers the request of that number, or all of them. */
  const release = (only?: number) => {
    for (const [serial, one] of [...held]) {
      if (only !== undefined && serial !== only) continue
      held.delete(serial)
      one()
    }
  }
  return { ...server, asked, release }
}

const coalescing: Partial<ShopOptions> = { cache: false, coalesce: true }

it('an answer of bytes is read for everybody, the first one too', () => {
  const body = Buffer.from('image')
  const answer = new Answer({ status: 200, headers: {}, body }, { data: body })
  expect(answer.data(() => 'a copy')).toBe('a copy')
})

describe.each([
  ['without a cache', coalescing],
  ['with a cache', { coalesce: true }],
])('identical reads %s', (_, options) => {
  it('share one request, and no data', async () => {
    const server = await heldServer()
    const client = openShop(server, options)
    const calls = Array.from({ length: 100 }, () => client.getItem({ id: 'a' }))
    await server.asked(1)
    server.release()
    const answers = await Promise.all(calls)
    expect(new Set(answers).size).toBe(100)
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['{"id":"a","serial":1}']),
    )
    expect(server.seen).toHaveLength(1)
    expect(client.$stats()).toMatchObject({ coalesced: 99, inFlight: 0 })
  })

  it('share no bytes and no headers', async () => {
    const server = await heldServer((_request, response) => response.end('image'))
    const client = openShop(server, options)
    const calls = Array.from({ length: 3 }, async () => {
      const result = await client.itemImage.safe({ id: 'a' })
      if (!result.ok) throw result.error
      expect(result.data.toString()).toBe('image')
      expect(result.headers['content-type']).toBe('application/json')
      result.data.fill(0)
      result.headers['content-type'] = 'changed'
    })
    await server.asked(1)
    server.release()
    await Promise.all(calls)
  })

  it('share a failure, each with an error of its own', async () => {
    const server = await heldServer((_request, response) => response.writeHead(500).end('{"a":1}'))
    const client = openShop(server, options)
    const calls = Array.from({ length: 3 }, () => failureOf(client.getItem({ id: 'a' })))
    await server.asked(1)
    server.release()
    const errors = await Promise.all(calls)
    expect(new Set(errors).size).toBe(3)
    for (const error of errors) {
      expect(error).toMatchObject({
        name: 'HttpError',
        code: 'HTTP_STATUS',
        status: 500,
        attempts: 1,
        dependency: 'shop',
        operation: 'getItem',
      })
      expect(error.message).toBe(errors[0]?.message)
      expect(error.stack).toContain('HttpError')
      expect(error).toBeInstanceOf(Error)
    }
    expect(errors[0]?.headers).not.toBe(errors[1]?.headers)
  })

  it('share the attempts: a failure that is retried is retried once for all', async () => {
    const server = await shopServer((request, response, serial) => {
      if (serial === 1) response.writeHead(503).end()
      else item()(request, response, serial)
    })
    const client = openShop(server, options)
    const answers = await Promise.all([1, 2, 3].map(() => client.getItem({ id: 'a' })))
    expect(answers.map(({ serial }) => serial)).toEqual([2, 2, 2])
    expect(server.seen).toHaveLength(2)
  })

  it('go on when one caller leaves, the first one too', async () => {
    const server = await heldServer()
    const client = openShop(server, options)
    const aborter = new AbortController()
    const first = failureOf(client.getItem({ id: 'a' }, { signal: aborter.signal }))
    const second = client.getItem({ id: 'a' })
    const third = failureOf(client.getItem({ id: 'a' }, { timeoutMs: 20 }))
    await server.asked(1)
    aborter.abort(new Error('left'))
    expect(await first).toMatchObject({ code: 'ABORTED', attempts: 1, phase: 'waiting' })
    expect(await third).toMatchObject({ code: 'DEADLINE_EXCEEDED', attempts: 1 })
    server.release()
    expect(await second).toMatchObject({ serial: 1 })
    expect(server.seen).toHaveLength(1)
  })

  it('are aborted when the last caller has left, and joined by nobody then', async () => {
    const server = await heldServer()
    const client = openShop(server, { ...options, retry: false, attemptTimeoutMs: false })
    const aborter = new AbortController()
    const { signal } = aborter
    const calls = [1, 2].map(() => failureOf(client.getItem({ id: 'a' }, { signal })))
    await server.asked(1)
    const closed = new Promise((resolve) => server.seen[0]?.socket.once('close', resolve))
    aborter.abort()
    const next = client.getItem({ id: 'a' })
    expect(await Promise.all(calls)).toMatchObject([{ code: 'ABORTED' }, { code: 'ABORTED' }])
    await closed
    await server.asked(2)
    server.release()
    expect(await next).toMatchObject({ serial: 2 })
    await vi.waitFor(() => expect(client.$stats().inFlight).toBe(0))
  })

  it('take as long as the one that has most time', async () => {
    const server = await heldServer()
    const client = openShop(server, { ...options, timeoutMs: 40, attemptTimeoutMs: false })
    const short = failureOf(client.getItem({ id: 'a' }))
    const long = client.getItem({ id: 'a' }, { timeoutMs: 5_000 })
    expect(await short).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    server.release()
    expect(await long).toMatchObject({ serial: 1 })
    expect(server.seen).toHaveLength(1)
  })

  it('are retried as long as the one that has most time allows', async () => {
    const server = await heldServer((request, response, serial) => {
      if (serial === 1) response.writeHead(503).end()
      else item()(request, response, serial)
    })
    const client = openShop(server, { ...options, timeoutMs: 40, attemptTimeoutMs: false })
    const short = failureOf(client.getItem({ id: 'a' }))
    const long = client.getItem({ id: 'a' }, { timeoutMs: 5_000 })
    await server.asked(1)
    expect(await short).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    server.release()
    await server.asked(2)
    server.release()
    expect(await long).toMatchObject({ serial: 2 })
  })

  it('are identical only with the same path, query, headers, operation and priority', async () => {
    const server = await heldServer()
    const client = openShop(server, options)
    const headers = { authorization: 'Bearer ann' }
    const calls = [
      client.getItem({ id: 'a' }),
      client.getItem({ id: 'b' }),
      client.getItem({ id: 'a', view: 'all' }),
      client.getItem({ id: 'a' }, { headers }),
      client.getItem({ id: 'a' }, { headers: { authorization: 'Bearer ben' } }),
      client.getItem({ id: 'a' }, { headers: { accept: 'text/json' } }),
      client.getItem({ id: 'a' }, { priority: 'critical' }),
      client.getOwnItem({ id: 'a' }),
      client.getOwnItem({ id: 'a', tenant: 'eu' }),
    ]
    const joined = [
      client.getItem({ id: 'a' }, { headers: { 'x-correlation-id': 'of-no-matter' } }),
      client.getItem({ id: 'a' }, { headers }),
      client.getItem({ id: 'a' }, { priority: 'critical' }),
      client.getOwnItem({ id: 'a', tenant: 'eu' }),
    ]
    await server.asked(calls.length)
    server.release()
    await Promise.all([...calls, ...joined])
    expect(server.seen).toHaveLength(calls.length)
  })

  it('never join one that began before a write that has been answered', async () => {
    const server = await heldServer()
    const client = openShop(server, options)
    const before = client.getItem({ id: 'a' })
    await server.asked(1)
    const write = client.changeItem({ id: 'a', name: 'new' })
    await server.asked(2)
    const meanwhile = client.getItem({ id: 'a' })
    server.release(2)
    await write
    const after = client.getItem({ id: 'a' })
    await server.asked(3)
    server.release()
    expect(await Promise.all([before, meanwhile])).toMatchObject([{ serial: 1 }, { serial: 1 }])
    expect(await after).toMatchObject({ serial: 3 })
  })
})

it('a request around a read that others share ends that read for itself alone', async () => {
  const server = await heldServer()
  const client = openShop(server, coalescing)
  const aborter = new AbortController()
  const inside = failureOf(
    runWithContext({ correlationId: 'first-one', signal: aborter.signal } as never, () =>
      client.getItem({ id: 'a' }),
    ),
  )
  const outside = client.getItem({ id: 'a' })
  await server.asked(1)
  expect(server.seen[0]?.headers['x-correlation-id']).toBe('first-one')
  aborter.abort()
  server.release()
  expect(await outside).toMatchObject({ serial: 1 })
  await inside.catch(() => {})
})

it('calls that share answer from what is stale, each for itself', async () => {
  const clock = testClock()
  const server = await shopServer((request, response, serial) => {
    if (serial === 1) item({ 'cache-control': 'max-age=60, stale-if-error=60' })(request, response, serial)
    else response.writeHead(503).end()
  })
  const client = openShop(server, { coalesce: true, retry: false })
  await client.getItem({ id: 'a' })
  clock.pass(70)
  const calls = await Promise.all([1, 2, 3].map(() => client.getItem.safe({ id: 'a' })))
  for (const call of calls) expect(call).toMatchObject({ cache: 'stale', data: { serial: 1 } })
  expect(server.seen).toHaveLength(2)
})

it('waits for a permit with the priority of the calls that share it', async () => {
  const server = await heldServer()
  const client = openShop(server, { ...coalescing, bulkhead: { maxConcurrent: 1 } })
  const calls = [client.getItem({ id: 'first' })]
  for (const priority of ['batch', 'default', 'critical'] as const) {
    calls.push(client.getItem({ id: priority }, { priority }))
  }
  for (let count = 1; count <= 4; count++) {
    await server.asked(count)
    server.release()
  }
  await Promise.all(calls)
  const order = server.seen.map(({ url }) => url?.slice('/items/'.length))
  expect(order).toEqual(['first', 'critical', 'default', 'batch'])
})

it('is counted: one call with the attempts, and those that shared them', async () => {
  const metrics = createMetrics({ process: false })
  const server = await heldServer()
  const client = openShop(server, { ...coalescing, metrics })
  const calls = [1, 2, 3].map(() => client.getItem({ id: 'a' }))
  await server.asked(1)
  server.release()
  await Promise.all(calls)
  const text = await metrics.registry.metrics()
  const names = 'dependency="shop",operation="getItem"'
  expect(text).toContain(`http_client_coalesced_total{${names}} 2`)
  expect(text).toContain(`http_client_attempts_total{${names}} 1`)
  expect(text).toContain(`http_client_request_duration_seconds_count{${names},outcome="success"} 3`)
})

it('leaves nothing behind', async () => {
  const server = await shopServer(item({ 'cache-control': 'no-store' }))
  const client = openShop(server, {
    coalesce: true,
    operations: { getItem: { coalesce: { ignoreHeaders: ['x-a'] } } },
  })
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      Array.from({ length: 10 }, (_, call) =>
        client.getItem({ id: `${round}` }, { headers: { 'x-a': `${call}` }, timeoutMs: 5_000 }),
      ),
    )
  }
  expect(server.seen).toHaveLength(20)
  expect(client.$stats()).toMatchObject({
    inFlight: 0,
    queued: 0,
    coalesced: 180,
    cache: { entries: 0, bytes: 0 },
  })
})
