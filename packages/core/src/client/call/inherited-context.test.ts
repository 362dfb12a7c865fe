import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineContract } from '../../contract/index.js'
import { detached, runWithContext } from '../../telemetry/context/index.js'
import { createClient } from '../faces/typed/create-client.js'
import type { CallOptions } from '../options/call-options.js'

const contract = defineContract('things', {
  get: { method: 'GET', path: '/{id}', input: z.object({ id: z.string() }) },
  urgent: { method: 'GET', path: '/urgent', priority: 'critical' },
  put: {
    method: 'PUT',
    path: '/{id}',
    input: z.object({ id: z.string(), n: z.number() }),
    idempotent: 'key',
  },
})
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const cleanUps: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

/** A service that tells the headers it was sent; `/hang` is never answered. */
async function things() {
  const seen: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers)
    if (request.url !== '/hang') response.setHeader('content-type', 'application/json').end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = createClient(contract, {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    retry: false,
  })
  cleanUps.push(async () => {
    await client.$close()
    server.closeAllConnections()
    server.close()
  })
  return { client, seen }
}

describe('a client inside a request', () => {
  it('carries on correlation, trace, baggage and priority', async () => {
    const { client, seen } = await things()
    const given = { correlationId: 'order-4711', traceparent, tracestate: 'a=1', baggage: 'b=2' }
    await runWithContext({ ...given, priority: 'batch' }, async () => {
      await client.get({ id: '1' })
      await client.put({ id: '1', n: 2 })
    })
    for (const headers of seen) {
      expect(headers).toMatchObject({
        'x-correlation-id': 'order-4711',
        traceparent,
        tracestate: 'a=1',
        baggage: 'b=2',
        'x-request-priority': 'batch',
      })
    }
    expect(seen).toHaveLength(2)
  })

  it.each([
    ['of the call', 'critical', { priority: 'critical' }, 'batch'],
    ['of the call, the usual one', 'default', { priority: 'default' }, 'batch'],
    ['of its headers', 'mine', { priority: 'critical', headers: { 'x-request-priority': 'mine' } }, 'batch'],
    ['of the operation', 'critical', undefined, 'batch'],
    ['of the call, outside of a request', 'batch', { priority: 'batch' }, undefined],
    ['nobody, where it is the usual one', undefined, { priority: 'default' }, undefined],
  ] as const)('tells the priority %s', async (_, said, options, around) => {
    const { client, seen } = await things()
    const call = () =>
      options === undefined ? client.urgent() : client.get({ id: '1' }, options as CallOptions)
    await (around === undefined ? call() : runWithContext({ priority: around }, call))
    expect(seen[0]?.['x-request-priority']).toBe(said)
  })

  it('refuses a priority that is none', async () => {
    const { client, seen } = await things()
    const options = { priority: 'urgent' } as never
    await expect(client.get({ id: '1' }, options)).rejects.toThrow(
      'priority: must be one of critical, default, batch',
    )
    expect(seen).toEqual([])
  })

  it('lets the headers of the call win', async () => {
    const { client, seen } = await things()
    await runWithContext({ correlationId: 'order-4711' }, () =>
      client.get({ id: '1' }, { headers: { 'X-Correlation-Id': 'mine-1234' } }),
    )
    expect(seen[0]?.['x-correlation-id']).toBe('mine-1234')
  })

  it('adds nothing outside of one', async () => {
    const { client, seen } = await things()
    await client.get({ id: '1' })
    expect(seen[0]).not.toHaveProperty('x-correlation-id')
  })

  it('never takes longer than the request has left', async () => {
    const { client } = await things()
    const call = runWithContext({ timeoutMs: 60 }, () => client.get({ id: 'hang' }))
    await expect(call).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', dependency: 'things', attempts: 1 })
  })

  it('is not sent when the request has no time left', async () => {
    const { client, seen } = await things()
    const call = runWithContext({ timeoutMs: 1 }, async () => {
      const until = performance.now() + 5
      while (performance.now() < until);
      return client.get({ id: '1' })
    })
    await expect(call).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', attempts: 0 })
    expect(seen).toHaveLength(0)
  })

  it('ends with the request, each call with an error of its own', async () => {
    const { client, seen } = await things()
    const caller = new AbortController()
    const calls = runWithContext({ signal: caller.signal }, () =>
      Promise.allSettled([client.get({ id: 'hang' }), client.put({ id: 'hang', n: 1 })]),
    )
    while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve))
    caller.abort(new Error('left'))
    const [first, second] = await calls
    expect([first, second]).toMatchObject([
      { reason: { code: 'ABORTED', operation: 'get' } },
      { reason: { code: 'ABORTED', operation: 'put' } },
    ])
  })

  it('outlives it when detached, with the same correlation', async () => {
    const { client, seen } = await things()
    const caller = new AbortController()
    const call = runWithContext(
      { signal: caller.signal, correlationId: 'order-4711', timeoutMs: 1_000 },
      () => {
        const audit = detached(() => client.get({ id: '1' }))
        caller.abort()
        return audit
      },
    )
    await expect(call).resolves.toEqual({})
    expect(seen[0]?.['x-correlation-id']).toBe('order-4711')
  })
})
