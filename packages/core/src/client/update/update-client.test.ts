import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { failureOf, openOrders, orders } from '../../../test/fixtures/orders.js'
import { retryBudget } from '../../policies/index.js'
import { createLogger } from '../../telemetry/logging/index.js'
import { answer, delay, faultServer, stall } from '../../testing.js'
import { staticEndpoints } from '../../upstream/endpoints/index.js'
import { createClient } from '../faces/typed/create-client.js'
import type { ClientUpdate } from '../options/client-update.js'

const found = answer(200, { json: { id: '42' } })
const unwell = answer(503)

const problemsOf = (run: () => void): readonly string[] => {
  try {
    run()
  } catch (error) {
    return (error as { problems: readonly { path: string }[] }).problems.map(({ path }) => path)
  }
  return []
}

describe('$update', () => {
  it('changes what the next call goes by, and leaves calls in flight as they began', async () => {
    await using server = await faultServer({ routes: { '*': stall() } })
    const client = openOrders(server, { timeoutMs: 300, retry: false })
    const before = client.getOrder.safe({ id: '42' })
    await server.received(1)
    client.$update({
      timeoutMs: 60_000,
      attemptTimeoutMs: 40,
      retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 },
    })
    const after = await failureOf(client.getOrder({ id: '42' }))
    expect([after.code, after.attempts]).toEqual(['ATTEMPT_TIMEOUT', 2])
    expect(await before).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED', attempts: 1 } })
  })

  it('changes headers, fallback, validation and single operations', async () => {
    await using server = await faultServer({ routes: { '*': answer(200, { json: { wrong: true } }) } })
    const client = openOrders(server, {
      headers: { 'x-a': '1' },
      operations: { listOrders: { timeoutMs: 5_000 } },
    })
    expect((await failureOf(client.getOrder({ id: '42' }))).code).toBe('INVALID_RESPONSE')
    client.$update({ headers: { 'x-b': '2' }, validate: 'off' })
    expect(await client.getOrder({ id: '42' })).toEqual({ wrong: true })
    expect(server.requests.at(-1)?.headers).toMatchObject({ 'x-a': '1', 'x-b': '2' })
    client.$update({ operations: { getOrder: { fallback: () => ({ id: 'none' }), retry: false } } })
    server.set('*', unwell)
    expect(await client.getOrder({ id: '42' })).toEqual({ id: 'none' })
    client.$update({ operations: { getOrder: { fallback: false } } })
    expect((await failureOf(client.getOrder({ id: '42' }))).code).toBe('HTTP_STATUS')
  })

  it('replaces a header however its name is spelt', async () => {
    await using server = await faultServer({ routes: { '*': found } })
    const client = openOrders(server, { headers: { Authorization: 'first' } })
    const updated = vi.fn()
    client.$on('updated', updated)
    for (const [name, token] of [
      ['authorization', 'second'],
      ['Authorization', 'third'],
    ] as const) {
      client.$update({ headers: { [name]: token } })
      await client.getOrder({ id: '42' })
      expect(server.requests.at(-1)?.headers).toMatchObject({ authorization: token })
    }
    const change = { option: 'headers.authorization', from: '[hidden]', to: '[hidden]' }
    expect(updated.mock.calls.map(([{ changes }]) => changes)).toEqual([[change], [change]])
  })

  it('keeps the state of breaker and budget, and subscriptions', async () => {
    await using server = await faultServer({ routes: { '*': unwell } })
    const client = openOrders(server, {
      retry: false,
      circuitBreaker: { minimumCalls: 5, outageMs: false },
      retryBudget: { maxTokens: 8 },
    })
    const opened = vi.fn()
    client.$on('open', opened)
    for (let call = 0; call < 4; call++) await client.listOrders.safe()
    client.$update({ circuitBreaker: { openMs: 30_000, maxOpenMs: 60_000 }, retryBudget: { maxTokens: 4 } })
    expect(client.$stats()).toMatchObject({
      retryBudget: { tokens: 4 },
      endpoints: [{ circuitBreaker: { state: 'closed', failures: 4 } }],
    })
    await client.listOrders.safe()
    expect(opened).toHaveBeenCalledOnce()
    expect(opened.mock.calls[0]?.[0].openMs).toBeGreaterThanOrEqual(30_000)
    client.$update({ timeoutMs: 1_000 })
    expect((await failureOf(client.listOrders())).code).toBe('CIRCUIT_OPEN')
  })

  it('keeps permits and who waits for one, and lets those go on for whom there is room now', async () => {
    await using server = await faultServer({ routes: { '*': [delay(150), found] } })
    const client = openOrders(server, { bulkhead: { maxConcurrent: 1 }, connections: 10 })
    const calls = Array.from({ length: 4 }, () => client.getOrder({ id: '42' }))
    await server.received(1)
    expect(client.$stats()).toMatchObject({ limit: 1, inFlight: 1, queued: 3 })
    client.$update({ bulkhead: { maxConcurrent: 3 } })
    await server.received(3)
    expect(client.$stats()).toMatchObject({ limit: 3, inFlight: 3, queued: 1 })
    await Promise.all(calls)
    expect(client.$stats()).toMatchObject({ inFlight: 0, queued: 0 })
  })

  it('goes from one limit to the other and back without losing a permit', async () => {
    await using server = await faultServer({ routes: { '*': [delay(60), found] } })
    const client = openOrders(server, { bulkhead: { maxConcurrent: 2 }, connections: 300 })
    const calls = () => Array.from({ length: 4 }, () => client.getOrder({ id: '42' }))
    const all = calls()
    await server.received(2)
    client.$update({ bulkhead: false, adaptiveConcurrency: { initialLimit: 5 } })
    all.push(...calls())
    await server.received(6)
    expect(client.$stats()).toMatchObject({ limit: 5, inFlight: 6, queued: 2 })
    client.$update({ adaptiveConcurrency: false })
    all.push(...calls())
    client.$update({ bulkhead: { maxConcurrent: 2 } })
    all.push(...calls())
    await Promise.all(all)
    expect(client.$stats()).toMatchObject({ limit: 2, inFlight: 0, queued: 0 })
    client.$update({ bulkhead: false })
    expect(client.$stats()).toMatchObject({ limit: undefined, inFlight: 0 })
  })

  it('switches a breaker off and on, at one place and at several', async () => {
    await using server = await faultServer({ routes: { '*': unwell } })
    const settings = { retry: false, circuitBreaker: { minimumCalls: 3, outageMs: false } } as const
    const several = createClient(orders, { endpoints: [server.url], ...settings })
    for (const client of [openOrders(server, settings), several]) {
      const closed = vi.fn()
      client.$on('close', closed)
      for (let call = 0; call < 3; call++) await client.listOrders.safe()
      expect((await failureOf(client.listOrders())).code).toBe('CIRCUIT_OPEN')
      client.$update({ circuitBreaker: false })
      expect(client.$circuitBreakers()).toEqual([])
      expect(closed).toHaveBeenCalledOnce()
      expect((await failureOf(client.listOrders())).code).toBe('HTTP_STATUS')
      client.$update({ circuitBreaker: { minimumCalls: 2 } })
      for (let call = 0; call < 2; call++) await client.listOrders.safe()
      expect((await failureOf(client.listOrders())).code).toBe('CIRCUIT_OPEN')
    }
    await several.$close()
  })

  it('gives endpoints that come later the options of now', async () => {
    await using server = await faultServer({ routes: { '*': unwell } })
    const list = staticEndpoints(['http://127.0.0.1:1'])
    const client = createClient(orders, { endpoints: list, retry: false })
    client.$update({ circuitBreaker: { minimumCalls: 2, outageMs: false } })
    list.replace([server.url])
    for (let call = 0; call < 2; call++) await client.listOrders.safe()
    expect((await failureOf(client.listOrders())).code).toBe('CIRCUIT_OPEN')
    await client.$close()
  })

  it('keeps what a quota has counted, also while it is off', async () => {
    await using server = await faultServer({ routes: { '*': found } })
    const client = openOrders(server, {
      rateLimit: { limit: 3, intervalMs: 60_000, maxQueue: 0 },
      retry: false,
    })
    const codes = async (calls: number) => {
      const all = await Promise.all(Array.from({ length: calls }, () => client.getOrder.safe({ id: '42' })))
      return all.filter(({ ok }) => ok).length
    }
    expect(await codes(5)).toBe(3)
    client.$update({ rateLimit: false })
    expect(await codes(5)).toBe(5)
    client.$update({ rateLimit: { limit: 3, intervalMs: 60_000, maxQueue: 0 } })
    expect(await codes(5)).toBe(0)
    client.$update({ rateLimit: { limit: 20 } })
    expect(await codes(5)).toBe(5)
  })

  it('takes another budget, and makes one where there was none', () => {
    const shared = retryBudget({ maxTokens: 3 })
    const client = openOrders({ url: 'http://127.0.0.1:1' }, { retryBudget: false })
    expect(client.$stats().retryBudget).toBeUndefined()
    client.$update({ retryBudget: { maxTokens: 7 } })
    expect(client.$stats().retryBudget).toEqual({ tokens: 7 })
    client.$update({ retryBudget: shared })
    expect(client.$stats().retryBudget).toEqual({ tokens: 3 })
    client.$update({ retryBudget: { maxTokens: 5 } })
    expect([client.$stats().retryBudget?.tokens, shared.tokens]).toEqual([5, 3])
  })

  it('hedges by what it observed before', async () => {
    await using server = await faultServer({ routes: { '*': [delay(5), found] } })
    const client = openOrders(server, { hedge: true })
    const hedged = vi.fn()
    const calls = (count: number) =>
      Promise.all(Array.from({ length: count }, () => client.getOrder({ id: '42' })))
    await calls(110)
    client.$update({ timeoutMs: 20_000, hedge: { quantile: 0.95 } })
    client.$on('hedge', hedged)
    server.set('*', [delay(1_000), found])
    await calls(2)
    expect(hedged).toHaveBeenCalled()
  })
})

describe('what $update tells', () => {
  it('is an event with each option that changed, and a line in the log', () => {
    const lines: string[] = []
    const logger = createLogger({
      name: 'shop',
      destination: { write: (line: string) => lines.push(line) },
    } as never)
    const client = openOrders({ url: 'http://127.0.0.1:1' }, { timeoutMs: 500, logger })
    const updated = vi.fn()
    client.$on('updated', updated)
    client.$update({ timeoutMs: 400, retry: { maxAttempts: 2 }, headers: { authorization: 'Bearer secret' } })
    client.$update({ timeoutMs: 400, attemptTimeoutMs: undefined })
    expect(updated.mock.calls).toEqual([
      [
        {
          dependency: 'orders',
          source: 'update',
          changes: [
            { option: 'retry.maxAttempts', from: undefined, to: 2 },
            { option: 'timeoutMs', from: 500, to: 400 },
            { option: 'headers.authorization', from: undefined, to: '[hidden]' },
          ],
        },
      ],
    ])
    expect(lines.join('')).not.toContain('secret')
  })
})

describe('$update refuses', () => {
  const open = () => openOrders({ url: 'http://127.0.0.1:1' }, { timeoutMs: 500, retry: false })

  it('everything that is wrong, at once, and changes nothing', async () => {
    await using server = await faultServer({ routes: { '*': stall() } })
    const client = openOrders(server, { timeoutMs: 100, retry: false })
    const updated = vi.fn()
    client.$on('updated', updated)
    const wrong = {
      timeoutMs: 60_000,
      attemptTimeoutMs: -1,
      circuitBreaker: { failureRatio: 2, classify: () => 'neutral' },
      operations: { listOrders: { hedge: 'yes' }, noSuch: {} },
      baseUrl: 'http://elsewhere',
      timoutMs: 3,
    }
    const problems = problemsOf(() => client.$update(wrong as never))
    expect([...problems].sort()).toEqual([
      'attemptTimeoutMs',
      'baseUrl',
      'circuitBreaker.classify',
      'circuitBreaker.failureRatio',
      'operations.listOrders.hedge',
      'operations.noSuch',
      'timoutMs',
    ])
    expect(updated).not.toHaveBeenCalled()
    expect((await failureOf(client.listOrders())).code).toBe('DEADLINE_EXCEEDED')
  })

  it.each([
    ['baseUrl', 'http://elsewhere'],
    ['endpoints', ['http://elsewhere']],
    ['dispatcher', {}],
    ['proxy', 'env'],
    ['http2', true],
    ['connections', 5],
    ['connectTimeoutMs', 5],
    ['logger', undefined === null],
    ['metrics', {}],
    ['propagate', true],
    ['balancing', {}],
    ['chaos', false],
    ['cache', false],
  ])('to change %s, and says what to do', (name, value) => {
    expect(() => open().$update({ [name]: value } as never)).toThrow(
      `${name}: cannot change at run time; make a new client`,
    )
  })

  it.each([[undefined], [null], ['timeoutMs'], [[]], [() => {}]])('%s', (options) => {
    const client = open()
    expect(problemsOf(() => client.$update(options as never))).toEqual([''])
  })

  it('two limits at once, more permits than connections, another name, and contradictions with what is there', () => {
    const client = openOrders(
      { url: 'http://127.0.0.1:1' },
      { bulkhead: { maxConcurrent: 5 }, hedge: { delayMs: 5 } },
    )
    expect(problemsOf(() => client.$update({ adaptiveConcurrency: {} }))).toEqual(['adaptiveConcurrency'])
    expect(problemsOf(() => client.$update({ bulkhead: { maxConcurrent: 6 } }))).toEqual([
      'bulkhead.maxConcurrent',
    ])
    expect(problemsOf(() => client.$update({ bulkhead: false, adaptiveConcurrency: {} }))).toEqual([
      'adaptiveConcurrency.maxLimit',
    ])
    expect(problemsOf(() => client.$update({ circuitBreaker: { name: 'another' } }))).toEqual([
      'circuitBreaker.name',
    ])
    expect(problemsOf(() => client.$update({ hedge: { quantile: 0.9 } }))).toHaveLength(1)
    expect(problemsOf(() => client.$update({ operations: { getOrder: { cache: true } } } as never))).toEqual([
      'operations.getOrder.cache',
    ])
    client.$update({ bulkhead: false, adaptiveConcurrency: { maxLimit: 5 } })
    expect(client.$stats().limit).toBe(5)
  })

  it('to move a quota, also one that is off', async () => {
    const client = open()
    client.$update({ rateLimit: { limit: 5, intervalMs: 1_000 } })
    client.$update({ rateLimit: false })
    const redis = { url: 'redis://127.0.0.1:1', key: 'a' }
    const problems = problemsOf(() => client.$update({ rateLimit: { limit: 5, intervalMs: 1_000, redis } }))
    expect(problems).toEqual(['rateLimit.redis.url', 'rateLimit.redis.key', 'rateLimit.redis.timeoutMs'])
    expect(problemsOf(() => client.$update({ rateLimit: { limit: 5 } }))).toEqual(['rateLimit.intervalMs'])
  })

  it('a client that is closed', async () => {
    const client = open()
    await client.$close()
    expect(() => client.$update({ timeoutMs: 5 })).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  })
})

describe('a client in shadow', () => {
  it('is never refused by breaker or limit, tells what would have been, and holds once it is switched on', async () => {
    const client = openOrders(
      { url: 'http://127.0.0.1:1' },
      {
        shadow: true,
        retry: false,
        adaptiveConcurrency: { minLimit: 2, maxLimit: 2, maxQueue: 0 },
      },
    )
    const [rejected, reasons] = [vi.fn(), [] as string[]]
    client.$on('reject', rejected)
    client.$on('shadowReject', ({ operation, reason }) => reasons.push(`${operation} ${reason}`))
    const opened = vi.fn()
    client.$on('open', opened)
    for (let call = 0; call < 8; call++) {
      expect((await failureOf(client.listOrders())).code).toBe('CONNECT_FAILED')
    }
    expect(reasons).toEqual(Array(3).fill('listOrders circuit open'))
    expect(opened.mock.calls[0]?.[0]).toMatchObject({ shadow: true })
    expect(client.$stats()).toMatchObject({
      shadow: ['circuitBreaker', 'adaptiveConcurrency'],
      endpoints: [{ circuitBreaker: { state: 'open' } }],
    })
    reasons.length = 0
    await Promise.all(Array.from({ length: 5 }, () => client.listOrders.safe()))
    expect(reasons.filter((reason) => reason === 'listOrders queue full')).toHaveLength(3)
    expect(rejected).not.toHaveBeenCalled()
    client.$update({ circuitBreaker: { shadow: false } })
    expect(client.$stats().shadow).toEqual(['adaptiveConcurrency'])
    expect((await failureOf(client.listOrders())).code).toBe('CIRCUIT_OPEN')
    client.$update({ shadow: false })
    expect(client.$stats().shadow).toEqual([])
  })

  it('does not steer calls away from an endpoint, and has no call wait for a socket', async () => {
    await using server = await faultServer({ routes: { '*': [delay(50), found] } })
    const client = createClient(orders, {
      endpoints: [server.url],
      bulkhead: { maxConcurrent: 1, shadow: true },
    })
    const calls = Array.from({ length: 10 }, () => client.getOrder({ id: '42' }))
    await server.received(10)
    expect(client.$stats()).toMatchObject({
      inFlight: 10,
      queued: 0,
      endpoints: [{ connections: { waitingForSocket: 0 } }],
    })
    await Promise.all(calls)
    await client.$close()
  })
})

describe('the type of $update', () => {
  it('knows the operations, and what can change', () => {
    type Update = ClientUpdate<typeof orders>
    expectTypeOf<Update>().toHaveProperty('timeoutMs')
    expectTypeOf<Update>().not.toHaveProperty('baseUrl')
    const client = openOrders({ url: 'http://127.0.0.1:1' })
    client.$update({ operations: { getOrder: { fallback: () => ({ id: 'x' }) } }, timeoutMs: undefined })
    // @ts-expect-error there is no such operation
    expect(() => client.$update({ operations: { noSuch: {} } })).toThrow('noSuch')
    // @ts-expect-error it is of another type
    client.$update({ operations: { getOrder: { fallback: () => ({ id: 42 }) } } })
  })
})

describe('$update of a client with versions', () => {
  it('goes to the clients of all versions, or to none', async () => {
    await using server = await faultServer({ routes: { '*': unwell } })
    const place = { baseUrl: server.url }
    const client = createClient(orders, {
      versions: { stable: place, canary: place },
      traffic: { weights: { stable: 1, canary: 1 } },
      retry: false,
    })
    client.$update({ retryBudget: { maxTokens: 4 }, shadow: true })
    expect(client.$stats()).toMatchObject({
      retryBudget: { tokens: 8 },
      shadow: ['circuitBreaker', 'adaptiveConcurrency'],
    })
    expect(problemsOf(() => client.$update({ timeoutMs: -1 }))).toEqual(['timeoutMs'])
    expect(problemsOf(() => client.$update({ rateLimit: { limit: 5, intervalMs: 1_000 } }))).toEqual([
      'rateLimit',
    ])
    expect(problemsOf(() => client.$update({ versions: {} } as never))).toEqual(['versions'])
    expect(client.$stats().retryBudget).toEqual({ tokens: 8 })
    await client.$close()
  })
})
