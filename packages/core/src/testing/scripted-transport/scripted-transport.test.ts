import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createClient } from '../../client/index.js'
import { defineContract } from '../../contract/index.js'
import { type ScriptedAnswer, type ScriptedRequest, scriptedTransport } from '../../testing.js'

const orders = defineContract('orders', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: z.object({ id: z.string(), page: z.number().optional() }),
    output: z.object({ id: z.string() }),
    errors: { 404: z.object({ error: z.string() }) },
  },
  place: { method: 'POST', path: '/orders', input: z.object({ id: z.string() }) },
})

const clientOf = (respond: (request: ScriptedRequest) => ScriptedAnswer | Promise<ScriptedAnswer>) =>
  createClient(orders, { baseUrl: 'http://orders', dispatcher: scriptedTransport(respond), random: () => 0 })

describe('scriptedTransport', () => {
  it('answers, and shows the request', async () => {
    const seen: ScriptedRequest[] = []
    await using client = clientOf((request) => {
      seen.push(request)
      return { json: { id: '42' }, headers: { 'X-One': ['1', '2'], 'x-two': '3' } }
    })
    expect(await client.getOrder.safe({ id: '42', page: 2 })).toMatchObject({
      ok: true,
      status: 200,
      data: { id: '42' },
      headers: { 'x-one': ['1', '2'], 'x-two': '3', 'content-type': 'application/json' },
    })
    await client.place({ id: '43' })
    expect(seen).toMatchObject([
      { method: 'GET', origin: 'http://orders', path: '/orders/42?page=2', body: undefined },
      {
        method: 'POST',
        path: '/orders',
        body: '{"id":"43"}',
        headers: { 'content-type': 'application/json' },
      },
    ])
  })

  it('has its failures treated as those of a network', async () => {
    let attempts = 0
    await using client = clientOf(async () => {
      if (++attempts < 3) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' })
      return { status: 404 }
    })
    await expect(client.getOrder({ id: '42' })).rejects.toMatchObject({
      code: 'HTTP_STATUS',
      body: { error: 'Not Found' },
      attempts: 3,
    })
  })

  it('ends at once when the client gives up on a script that does not', async () => {
    let signal: AbortSignal | undefined
    await using client = clientOf((request) => {
      signal = request.signal
      return new Promise(() => {})
    })
    await expect(client.getOrder({ id: '42' }, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    })
    expect(signal?.aborted).toBe(true)
    await expect.poll(() => client.$stats().inFlight).toBe(0)
  })

  it('refuses a wrong script or answer', async () => {
    expect(() => scriptedTransport({} as never)).toThrow('takes a function')
    await using client = clientOf(() => ({ status: 99, jsn: 1 }) as never)
    await expect(client.getOrder({ id: '42' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ path: 'status' }, { path: 'jsn' }],
    })
  })
})
