import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { failureOf, openOrders } from '../../../../test/fixtures/orders.js'
import { defineContract } from '../../../contract/index.js'
import { answer, delay, faultServer } from '../../../testing.js'
import { createClient } from './create-client.js'

const wrong = answer(200, { json: { id: 42 } })

describe('validate', () => {
  it("'enforce' refuses an answer that is not as declared", async () => {
    await using server = await faultServer({ routes: { '*': wrong } })
    expect(await failureOf(openOrders(server).getOrder({ id: '42' }))).toMatchObject({
      code: 'INVALID_RESPONSE',
      phase: 'decoding',
      status: 200,
      attempts: 1,
      retryable: false,
      problems: [{ path: 'id' }],
      snippet: '{"id":42}',
    })
  })

  it("'warn' tells onInvalid of input and answer, and goes on", async () => {
    await using server = await faultServer({ routes: { '*': wrong } })
    const onInvalid = vi.fn()
    const client = openOrders(server, { validate: 'warn', onInvalid })
    expect(await client.getOrder({ id: 7 } as never)).toEqual({ id: 42 })
    expect(server.requests[0]?.path).toBe('/orders/7')
    const about = { operation: 'getOrder', problems: [expect.objectContaining({ path: 'id' })] }
    expect(onInvalid.mock.calls).toEqual([[about], [about]])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('broken'))],
    ['hangs', () => new Promise(() => {})],
  ])("'warn' goes on when onInvalid %s", async (_, onInvalid) => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
    await using server = await faultServer({ routes: { '*': wrong } })
    const client = openOrders(server, { validate: 'warn', onInvalid: onInvalid as () => void })
    expect(await client.getOrder({ id: '42' })).toEqual({ id: 42 })
    await sleep(5)
    for (const [text] of warned.mock.calls) expect(text).toContain('broken')
  })

  it("'warn' is a process warning without onInvalid", async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
    await using server = await faultServer({ routes: { '*': wrong } })
    await openOrders(server, { validate: 'warn' }).getOrder({ id: '42' })
    expect(warned).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining('orders.getOrder: id: '),
      'HoldfastWarning',
    )
  })

  it("'off' does not look", async () => {
    await using server = await faultServer({ routes: { '*': wrong } })
    const onInvalid = vi.fn()
    const client = openOrders(server, { validate: 'off', onInvalid })
    expect(await client.getOrder({ id: 7 } as never)).toEqual({ id: 42 })
    expect(onInvalid).not.toHaveBeenCalled()
  })
})

/** A contract whose schemas take their time. */
const slow = (ms: number) =>
  defineContract('slow', {
    echo: {
      method: 'POST',
      path: '/echo',
      idempotent: true,
      input: z.object({ text: z.string().refine((text) => sleep(ms, text !== 'bad')) }),
      output: z.object({ text: z.string().refine((text) => sleep(ms, text !== 'bad')) }),
    },
  })

function openSlow(url: string, ms: number, options = {}) {
  const client = createClient(slow(ms), { baseUrl: url, ...options })
  onTestFinished(() => client.$close())
  return client
}

describe('asynchronous schemas', () => {
  it('accept, and refuse', async () => {
    await using server = await faultServer({ routes: { '*': answer(200, { json: { text: 'fine' } }) } })
    const client = openSlow(server.url, 1)
    expect(await client.echo({ text: 'x' })).toEqual({ text: 'fine' })
    expect(await failureOf(client.echo({ text: 'bad' }))).toMatchObject({
      code: 'INVALID_INPUT',
      attempts: 0,
    })
    server.set('*', answer(200, { json: { text: 'bad' } }))
    expect(await failureOf(client.echo({ text: 'x' }))).toMatchObject({ code: 'INVALID_RESPONSE' })
  })

  it('that refuse an answer leave nothing of it to the fallback', async () => {
    await using server = await faultServer({ routes: { '*': answer(200, { json: { text: 'bad' } }) } })
    const client = openSlow(server.url, 1, { fallback: () => ({ text: 'stand-in' }) })
    expect(await client.echo.safe({ text: 'x' })).toEqual({
      ok: true,
      status: 0,
      headers: {},
      data: { text: 'stand-in' },
      fromFallback: true,
    })
  })

  it.each([
    ['encoding', 0],
    ['decoding', 1],
  ])('end at once with the call while %s', async (phase, requests) => {
    const contract = slow(0)
    const answering = vi.spyOn(
      contract.echo[phase === 'encoding' ? 'input' : 'output']['~standard'],
      'validate',
    )
    answering.mockReturnValue(new Promise(() => {}))
    await using server = await faultServer({ routes: { '*': answer(200, { json: { text: 'fine' } }) } })
    const client = createClient(contract, { baseUrl: server.url, timeoutMs: 5_000 })
    const controller = new AbortController()
    const call = failureOf(client.echo({ text: 'x' }, controller))
    await vi.waitFor(() => expect(answering).toHaveBeenCalled())
    controller.abort()
    expect(await call).toMatchObject({ code: 'ABORTED', phase, attempts: requests })
    const late = failureOf(client.echo({ text: 'x' }, { timeoutMs: 50 }))
    expect(await late).toMatchObject({ code: 'DEADLINE_EXCEEDED', phase })
  })
})

describe("the caller's AsyncLocalStorage context", () => {
  it('is that of continuations, fallback, onInvalid and a body source', async () => {
    const storage = new AsyncLocalStorage<number>()
    await using server = await faultServer({
      routes: {
        'GET /orders/{id}': [delay(5), wrong],
        'PUT /upload': answer(200),
        '*': [delay(5), answer(503)],
      },
    })
    const seen: [string, number | undefined][] = []
    const see = (what: string) => seen.push([what, storage.getStore()])
    const client = openOrders(server, {
      validate: 'warn',
      onInvalid: () => see('onInvalid'),
      bulkhead: { maxConcurrent: 2 },
      fallback: () => {
        see('fallback')
        return {} as never
      },
    })
    client.$on('fallback', () => see('event'))
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        storage.run(index, async () => {
          await client.getOrder({ id: '42' })
          expect(storage.getStore()).toBe(index)
          await client.listOrders()
          expect(storage.getStore()).toBe(index)
          await client.upload({
            file: () => {
              see('source')
              return 'x'
            },
          })
          see('end')
          expect(storage.getStore()).toBe(index)
        }),
      ),
    )
    for (const what of ['onInvalid', 'fallback', 'event', 'source', 'end']) {
      const stores = seen.filter(([name]) => name === what).map(([, store]) => store)
      expect(stores.toSorted(), what).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    }
  })
})
