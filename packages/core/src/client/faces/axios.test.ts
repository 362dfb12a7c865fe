import axios from 'axios'
import nock from 'nock'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineContract } from '../../contract/index.js'
import { AttemptTimeoutError, CircuitOpenError } from '../../foundation/errors/index.js'
import {
  type BreakerVerdict,
  bulkhead,
  circuitBreaker,
  compose,
  retry,
  timeout,
} from '../../policies/index.js'
import { fetchTransport } from '../../testing.js'
import { createClient } from './typed/create-client.js'

const baseUrl = 'http://orders'

beforeEach(() => {
  if (!nock.isActive()) nock.activate()
  nock.disableNetConnect()
})

afterEach(() => {
  nock.cleanAll()
  nock.enableNetConnect()
  nock.restore()
})

/** What axios says about an answer: no status is a failure to get one. */
function statusOf(error: unknown): number | undefined {
  return axios.isAxiosError(error) ? error.response?.status : undefined
}

const judge = (error: unknown): BreakerVerdict => ((statusOf(error) ?? 500) < 500 ? 'success' : 'failure')

const isWorthRetrying = (error: unknown): boolean => [429, 502, 503, 504].includes(statusOf(error) ?? 503)

function protectedGet({ minimumCalls = 20, attemptTimeoutMs = 1_000 } = {}) {
  const http = axios.create({ baseURL: baseUrl })
  const breaker = circuitBreaker({ classify: judge, minimumCalls })
  const policy = compose(
    timeout({ timeoutMs: 5_000 }),
    retry({ maxAttempts: 3, baseMs: 1, when: isWorthRetrying }),
    breaker,
    bulkhead({ maxConcurrent: 50 }),
    timeout({ timeoutMs: attemptTimeoutMs, scope: 'attempt' }),
  )
  return { get: policy.wrap(http.get.bind(http)), policy, http, breaker }
}

describe('an axios instance protected through policy.wrap()', () => {
  it('is called as before', async () => {
    nock(baseUrl).get('/orders/42').query({ locale: 'en' }).reply(200, { id: '42' })
    const { get } = protectedGet()
    const response = await get('/orders/42', { params: { locale: 'en' } })
    expect(response).toMatchObject({ status: 200, data: { id: '42' } })
  })

  it('is retried after failures that pass', async () => {
    const error = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
    nock(baseUrl).get('/orders/42').reply(503).get('/orders/42').replyWithError(error)
    nock(baseUrl).get('/orders/42').reply(200, { id: '42' })
    const { get } = protectedGet()
    expect((await get('/orders/42')).data).toEqual({ id: '42' })
    expect(nock.isDone()).toBe(true)
  })

  it('is not retried after an answer, and fails with the error of axios', async () => {
    nock(baseUrl).get('/orders/unknown').reply(404, { reason: 'none' })
    const { get, breaker } = protectedGet()
    await expect(get('/orders/unknown')).rejects.toMatchObject({
      name: 'AxiosError',
      response: { status: 404 },
    })
    expect(breaker.counts).toEqual({ successes: 1, failures: 0 })
  })

  it('gives up on an attempt that takes too long, and hands axios the signal through execute()', async () => {
    nock(baseUrl).get('/slow').times(3).delay(1_000).reply(200)
    const { policy, http } = protectedGet({ attemptTimeoutMs: 50 })
    let aborted = 0
    const call = policy.execute(({ signal }) => {
      signal.addEventListener('abort', () => aborted++)
      return http.get('/slow', { signal })
    })
    await expect(call).rejects.toBeInstanceOf(AttemptTimeoutError)
    expect(aborted).toBe(3)
  })

  it('is refused by the breaker once everything fails, without a request', async () => {
    nock(baseUrl).get('/orders/42').times(4).reply(500)
    const { get, breaker } = protectedGet({ minimumCalls: 4 })
    for (let call = 0; call < 4; call++) await expect(get('/orders/42')).rejects.toThrow(/500/)
    expect(breaker.state).toBe('open')
    await expect(get('/orders/42')).rejects.toBeInstanceOf(CircuitOpenError)
    expect(nock.isDone()).toBe(true)
    breaker.shutdown()
  })
})

describe('a Holdfast client over fetchTransport()', () => {
  const orders = defineContract('orders', {
    getOrder: {
      method: 'GET',
      path: '/orders/{id}',
      input: z.object({ id: z.string() }),
      output: z.object({ id: z.string() }),
      errors: { 404: z.object({ reason: z.string() }) },
    },
    placeOrder: {
      method: 'POST',
      path: '/orders',
      input: z.object({ sku: z.string() }),
      output: z.object({ id: z.string() }),
      idempotent: 'key',
    },
  })
  const connect = () =>
    createClient(orders, { baseUrl, dispatcher: fetchTransport(), retry: { baseMs: 1, maxMs: 1 } })

  it('is answered by nock, retries included', async () => {
    nock(baseUrl).get('/orders/a%2Fb').reply(503).get('/orders/a%2Fb').reply(200, { id: 'a/b' })
    await using client = connect()
    expect(await client.getOrder({ id: 'a/b' })).toEqual({ id: 'a/b' })
    expect(nock.isDone()).toBe(true)
  })

  it('sends the same key with every attempt', async () => {
    const keys: unknown[] = []
    const record = function (this: nock.ReplyFnContext): nock.ReplyFnResult {
      keys.push(this.req.headers['idempotency-key'])
      return keys.length === 1 ? [502, ''] : [200, { id: '43' }]
    }
    nock(baseUrl).post('/orders', { sku: 'tea' }).times(2).reply(record)
    await using client = connect()
    expect(await client.placeOrder({ sku: 'tea' })).toEqual({ id: '43' })
    expect(String(keys[0])).toMatch(/^[\da-f-]{36}$/)
    expect(keys[1]).toBe(keys[0])
  })

  it('has typed errors', async () => {
    nock(baseUrl).get('/orders/unknown').reply(404, { reason: 'none' })
    await using client = connect()
    const result = await client.getOrder.safe({ id: 'unknown' })
    expect(result).toMatchObject({
      ok: false,
      error: { status: 404, body: { reason: 'none' }, declared: true },
    })
  })

  it('fails at once where nock knows no answer', async () => {
    nock(baseUrl).get('/other').reply(200)
    await using client = connect()
    const result = await client.getOrder.safe({ id: '42' })
    expect(result).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT', attempts: 1 } })
  })
})
