import { describe, expect, it } from 'vitest'
import { changedOptions, mergeOptions } from './merge-options.js'

describe('mergeOptions', () => {
  it('merges objects of options, replaces everything else, and leaves what is undefined', () => {
    const base = {
      timeoutMs: 1,
      retry: { maxAttempts: 3, baseMs: 5 },
      statuses: [500],
      hedge: true,
      breaker: false,
    }
    const changes = { timeoutMs: undefined, retry: { maxAttempts: 2, baseMs: undefined }, statuses: [503] }
    const merged = mergeOptions(base, { ...changes, hedge: { delayMs: 5, maxRatio: undefined }, breaker: {} })
    expect(merged).toEqual({
      timeoutMs: 1,
      retry: { maxAttempts: 2, baseMs: 5 },
      statuses: [503],
      hedge: { delayMs: 5 },
      breaker: {},
    })
    expect(base.retry).toEqual({ maxAttempts: 3, baseMs: 5 })
    expect(mergeOptions(merged, { retry: false })).toMatchObject({ retry: false })
  })

  it('takes what a class has made as it is', () => {
    const budget = new Map()
    expect(mergeOptions({ budget: { ratio: 1 } }, { budget }).budget).toBe(budget)
    expect(mergeOptions({ budget }, { budget: { ratio: 1 } }).budget).toEqual({ ratio: 1 })
  })

  it('makes no prototype of a name', () => {
    const merged = mergeOptions({}, JSON.parse('{ "__proto__": { "polluted": true } }'))
    expect(Object.keys(merged)).toEqual(['__proto__'])
    expect(merged).not.toHaveProperty('polluted')
    expect({}).not.toHaveProperty('polluted')
  })
})

describe('changedOptions', () => {
  it('names each option that differs, by its path', () => {
    const before = { timeoutMs: 1, retry: { maxAttempts: 3, statuses: [500] }, headers: { a: '1' } }
    const after = {
      timeoutMs: 1,
      retry: { maxAttempts: 2, statuses: [500] },
      bulkhead: { maxQueue: 1 },
      hedge: false,
    }
    expect(changedOptions(before, after)).toEqual([
      { option: 'retry.maxAttempts', from: 3, to: 2 },
      { option: 'headers.a', from: '1', to: undefined },
      { option: 'bulkhead.maxQueue', from: undefined, to: 1 },
      { option: 'hedge', from: undefined, to: false },
    ])
    expect(changedOptions(before, before)).toEqual([])
    expect(changedOptions({ breaker: false }, { breaker: { openMs: 1 } })).toEqual([
      { option: 'breaker', from: false, to: { openMs: 1 } },
    ])
  })
})
