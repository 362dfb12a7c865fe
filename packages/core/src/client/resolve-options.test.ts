import { MockAgent } from 'undici'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { contractName, defineContract } from '../contract/index.js'
import type { ConfigInvalidError } from '../errors/index.js'
import { retryBudget } from '../policies/index.js'
import { createClient } from './create-client.js'
import { openOrders, orders } from './test-orders.js'

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

  it.each(['auth', 'tls', 'endpoints', 'priority', 'adaptiveConcurrency'])(
    'refuses %s, which is still to come, with any value',
    (name) => {
      for (const value of [{}, [], false, 'x']) {
        expect(problemsOf({ baseUrl, [name]: value })).toEqual({
          [name]: 'is not available in this version; leave it out',
        })
      }
    },
  )

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
  ])('contradict each other: %s', (_, options, expected) => {
    expect(faultsOf(options)).toEqual(expected)
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
