import { MockAgent } from 'undici'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openOrders, orders } from '../../../test/fixtures/orders.js'
import { contractName, defineContract } from '../../contract/index.js'
import type { ConfigInvalidError } from '../../foundation/errors/index.js'
import { retryBudget } from '../../policies/index.js'
import { createClient } from '../faces/typed/create-client.js'

const baseUrl = 'http://127.0.0.1:9'

function problemsOf(options: unknown): Record<string, string> {
  try {
    createClient(orders, options as never)
  } catch (error) {
    const { code, phase, problems } = error as ConfigInvalidError
    expect({ code, phase }).toEqual({ code: 'CONFIG_INVALID', phase: 'configuring' })
    return Object.fromEntries(problems.map(({ path, message }) => [path, message]))
  }
  return {}
}

const faultsOf = (options: object): string[] => Object.keys(problemsOf({ baseUrl, ...options }))

describe('the options of a client', () => {
  it('names everything that is wrong at once', () => {
    const problems = problemsOf({
      baseUrl: 'orders:3000',
      timeoutMs: -1,
      attemptTimeoutMs: '3s',
      idleTimeoutMs: 0,
      retry: { maxAttempts: 0, baseMs: 20, maxMs: 10, statuses: [404] },
      hedge: { delayMs: 10, quantile: 0.97 },
      fallback: 'none',
      circuitBreaker: { failureRatio: 2 },
      bulkhead: { maxConcurrent: 0 },
      rateLimit: { limit: 1 },
      retryBudget: { ratio: 2 },
      connections: 0,
      connectTimeoutMs: 0,
      http2: 'yes',
      maxResponseBytes: 0,
      headers: { 'x-id': 'a\nb', 'content-length': '1', count: 1 },
      validate: 'maybe',
      onInvalid: true,
      random: 4,
      retrys: 3,
      operations: { getOrdr: {}, noteOrder: { hedge: true } },
    })
    expect(Object.keys(problems).sort()).toEqual([
      'attemptTimeoutMs',
      'baseUrl',
      'bulkhead.maxConcurrent',
      'circuitBreaker.failureRatio',
      'connectTimeoutMs',
      'connections',
      'fallback',
      'headers.content-length',
      'headers.count',
      'headers.x-id',
      'hedge.delayMs',
      'http2',
      'idleTimeoutMs',
      'maxResponseBytes',
      'onInvalid',
      'operations.getOrdr',
      'operations.noteOrder.hedge',
      'random',
      'rateLimit.intervalMs',
      'retry.baseMs',
      'retry.maxAttempts',
      'retry.statuses',
      'retryBudget.ratio',
      'retrys',
      'timeoutMs',
      'validate',
    ])
    expect(problems.retrys).toContain("did you mean 'retry'?")
    expect(problems['operations.getOrdr']).toContain("did you mean 'getOrder'?")
  })

  it.each(['auth', 'tls'])('refuses %s, which is still to come, with any value', (name) => {
    for (const value of [{}, [], false, 'x']) {
      expect(problemsOf({ baseUrl, [name]: value })).toEqual({
        [name]: 'is not available in this version; leave it out',
      })
    }
  })

  it.each<[string, object, string[]]>([
    ['attempts above the total', { timeoutMs: 1_000, attemptTimeoutMs: 2_000 }, ['attemptTimeoutMs']],
    [
      'the same in an override',
      { operations: { getOrder: { timeoutMs: 1_000, attemptTimeoutMs: 2_000 } } },
      ['operations.getOrder.attemptTimeoutMs'],
    ],
    [
      'hedging what must not be sent twice',
      { operations: { noteOrder: { hedge: {} } } },
      ['operations.noteOrder.hedge'],
    ],
    ['waits', { retry: { baseMs: 30, maxMs: 20 } }, ['retry.baseMs']],
    [
      'a dispatcher and what it decides',
      { dispatcher: new MockAgent(), connections: 1, connectTimeoutMs: 1, proxy: 'http://p', http2: true },
      ['connections', 'connectTimeoutMs', 'proxy', 'http2'],
    ],
    [
      'a breaker with a judgement of its own',
      { circuitBreaker: { classify: () => 'success' } },
      ['circuitBreaker.classify'],
    ],
    [
      'a limit with a judgement of its own',
      { adaptiveConcurrency: { classify: () => 'success' } },
      ['adaptiveConcurrency.classify'],
    ],
    ['a limit that is found and fixed', { adaptiveConcurrency: {}, bulkhead: {} }, ['adaptiveConcurrency']],
    ['one place and several', { endpoints: ['http://127.0.0.1:9'] }, ['endpoints']],
    ['a choice among one', { balancing: {} }, ['balancing']],
  ])('contradict each other: %s', (_, options, expected) => {
    expect(faultsOf(options)).toEqual(expected)
  })

  it('names both of what contradicts each other', () => {
    const { adaptiveConcurrency, endpoints } = problemsOf({
      baseUrl,
      adaptiveConcurrency: {},
      bulkhead: {},
      endpoints: [baseUrl],
    })
    expect(adaptiveConcurrency).toContain('contradicts bulkhead')
    expect(endpoints).toContain('contradicts baseUrl')
  })

  it('needs baseUrl or endpoints', () => {
    expect(problemsOf({})).toEqual({ baseUrl: expect.stringMatching(/is missing.*or give endpoints/) })
  })

  it.each<[string, unknown, string[]]>([
    ['nothing', [], ['endpoints']],
    ['no list', 'http://orders', ['endpoints']],
    ['an empty object', {}, ['endpoints']],
    ['no URL', ['orders:3000', { weight: 1 }], ['endpoints.0', 'endpoints.1.url']],
    ['one twice', [baseUrl, `${baseUrl}/`], ['endpoints.1']],
    ['a weight below zero', [{ url: baseUrl, weight: -1 }], ['endpoints.0.weight']],
    ['a name that is none', [{ url: baseUrl, wait: 1 }], ['endpoints.0.wait']],
  ])('takes no endpoints of %s', (_, endpoints, expected) => {
    const problems = Object.keys(problemsOf({ endpoints }))
    expect(problems.map((path) => path.replace('.url', ''))).toEqual(
      expected.map((path) => path.replace('.url', '')),
    )
  })

  it('says what is wrong with the balancing', () => {
    const balancing = { algorithm: 'random', zone: '', ejection: { intervalMs: 0 }, weights: 1 }
    expect(Object.keys(problemsOf({ endpoints: [baseUrl], balancing })).sort()).toEqual([
      'balancing.algorithm',
      'balancing.ejection.intervalMs',
      'balancing.weights',
      'balancing.zone',
    ])
  })

  it.each(['adaptiveConcurrency', 'bulkhead'])('takes no null for %s', (name) => {
    expect(faultsOf({ [name]: null })).toEqual([name])
  })

  it.each<[string, object, number | undefined]>([
    ['is adaptive by default', {}, 64],
    ['is adaptive on request', { adaptiveConcurrency: { initialLimit: 7 } }, 7],
    ['is adaptive beside no bulkhead', { adaptiveConcurrency: { initialLimit: 7 }, bulkhead: false }, 7],
    ['is fixed with a bulkhead', { bulkhead: { maxConcurrent: 9 } }, 9],
    ['is fixed with a bulkhead, and not adaptive', { bulkhead: {}, adaptiveConcurrency: false }, 200],
    ['is none without a bulkhead', { bulkhead: false }, undefined],
    ['is none when it is not to be adaptive', { adaptiveConcurrency: false }, undefined],
  ])('the limit %s', (_, options, limit) => {
    expect(createClient(orders, { baseUrl, ...options }).$stats()).toMatchObject({ limit, inFlight: 0 })
  })

  it.each<[string, object]>([
    ['a total below the default attempt', { timeoutMs: 100 }],
    ['an attempt above the default total', { attemptTimeoutMs: 20_000 }],
    ['a first wait above the default longest', { retry: { baseMs: 3_000 } }],
    ['a longest wait below the default first', { retry: { maxMs: 10 } }],
    [
      'waits of the client and of an operation',
      { retry: { baseMs: 500, maxMs: 1_000 }, operations: { getOrder: { retry: { maxMs: 100 } } } },
    ],
    ['hedging in general, beside what must not be sent twice', { hedge: true }],
    ['hedging what has a key', { operations: { placeOrder: { hedge: { delayMs: 5 } } } }],
    [
      'everything off',
      {
        timeoutMs: false,
        attemptTimeoutMs: false,
        idleTimeoutMs: false,
        retry: false,
        hedge: false,
        fallback: false,
      },
    ],
    ['all policies off', { retryBudget: false, circuitBreaker: false, bulkhead: false, rateLimit: false }],
    ['no limit', { maxResponseBytes: Number.POSITIVE_INFINITY }],
    ['a budget to share', { retryBudget: retryBudget() }],
    [
      'nothing given',
      { timeoutMs: undefined, retry: undefined, operations: { getOrder: undefined }, auth: undefined },
    ],
    ['a URL', { baseUrl: new URL(baseUrl) }],
    ['https with a path', { baseUrl: 'https://orders/v1/' }],
  ])('are no contradiction: %s', (_, options) => {
    expect(faultsOf(options)).toEqual([])
  })

  it.each([
    ['circuitBreaker', null],
    ['circuitBreaker', true],
    ['bulkhead', 5],
    ['retryBudget', null],
    ['rateLimit', true],
    ['retry', 3],
    ['hedge', 'yes'],
    ['operations', []],
    ['operations', { getOrder: null }],
    ['headers', ['accept']],
    ['dispatcher', {}],
    ['validate', true],
    ['fallback', {}],
  ])('takes no %s of %o', (name, value) => {
    expect(faultsOf({ [name]: value })).toHaveLength(1)
  })

  it.each([
    undefined,
    '',
    'orders:3000',
    '/orders',
    'ftp://orders',
    'http://user:pass@orders',
    'http://orders?x=1',
    'http://orders#x',
    5,
    {},
  ])('takes no baseUrl of %o', (url) => {
    expect(Object.keys(problemsOf({ baseUrl: url }))).toEqual(['baseUrl'])
  })

  it('never repeats a password', () => {
    expect(JSON.stringify(problemsOf({ baseUrl: 'http://user:hunter2@orders' }))).not.toContain('hunter2')
  })

  it.each([undefined, null, 'http://orders', 3])('are not %o', (options) => {
    expect(Object.keys(problemsOf(options))).toEqual([''])
  })
})

describe('the contract of a client', () => {
  it.each([undefined, null, {}, 'orders', { getOrder: { method: 'GET', path: '/' } }])(
    'is what defineContract() returns, not %o',
    (contract) => {
      expect(() => createClient(contract as never, { baseUrl })).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      )
    },
  )

  it('cannot ask to hedge what must not be sent twice', () => {
    const operation = { method: 'POST', path: '/', input: z.object({}), hedge: true } as const
    expect(() => defineContract('x', { send: operation })).toThrow(/send\.hedge/)
  })

  it('keeps its name', () => {
    expect(contractName(orders)).toBe('orders')
    expect(openOrders({ url: baseUrl }).$stats().dependency).toBe('orders')
  })
})
