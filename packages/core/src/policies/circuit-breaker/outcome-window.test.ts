import { createRequire } from 'node:module'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { circuitBreaker } from './circuit-breaker.js'
import type { CircuitBreaker } from './circuit-breaker-interface.js'

const require = createRequire(import.meta.url)
// It comes without type declarations.
const PrometheusMetrics: new (options: { circuits: unknown[]; registry: Registry }) => unknown =
  require('opossum-prometheus')

const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms)
const fail = (breaker: CircuitBreaker) =>
  breaker.execute(() => Promise.reject(new Error('down'))).catch((error) => error)

let warned = vi.fn()
beforeEach(() => {
  vi.useFakeTimers()
  warned = vi.fn()
  vi.spyOn(process, 'emitWarning').mockImplementation(warned)
})
afterEach(() => {
  vi.useRealTimers()
})

describe('opossum-prometheus on the opossum instance of a breaker', () => {
  it('counts what happens', async () => {
    const registry = new Registry()
    const breaker = circuitBreaker({ name: 'orders', minimumCalls: 4, failureRatio: 0.5, random: () => 0 })
    new PrometheusMetrics({ circuits: [breaker.opossum], registry })
    await turn(5)
    const take = breaker.execute(() => new Promise((resolve) => setTimeout(resolve, 30)))
    await turn(30)
    await take
    await breaker.execute(() => 'well')
    await fail(breaker)
    await fail(breaker)
    await breaker.execute(() => 'refused').catch(() => {})
    await turn(1_000)
    await breaker.execute(() => 'well')
    const events = await registry.getSingleMetric('circuit')?.get()
    const counted = Object.fromEntries(events?.values.map(({ labels, value }) => [labels.event, value]) ?? [])
    expect(counted).toEqual({ fire: 6, success: 3, failure: 2, reject: 1, open: 1, halfOpen: 1, close: 1 })
    const text = await registry.metrics()
    expect(text).toContain('circuit_perf_sum{name="orders",event="success"} 30')
    expect(breaker.state).toBe('closed')
  })
})

describe('the opossum instance of a breaker', () => {
  it('has no timer of its own while it is closed', () => {
    circuitBreaker()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('shows the state, and sums that are ours', async () => {
    const breaker = circuitBreaker({ random: () => 0 })
    await breaker.execute(() => 'well')
    for (let n = 0; n < 20; n++) await fail(breaker)
    expect(breaker.opossum.stats).toMatchObject({ successes: 1, failures: 19, rejects: 1, fires: 21 })
    expect([breaker.opossum.opened, breaker.opossum.name]).toEqual([true, 'circuit'])
  })

  it('tells a listener that was put first as well, and counts nothing twice', async () => {
    const breaker = circuitBreaker()
    const first = vi.fn()
    breaker.opossum.prependListener('success', first)
    breaker.opossum.once('success', first)
    await breaker.execute(() => 'well')
    await breaker.execute(() => 'well')
    expect(first).toHaveBeenCalledTimes(3)
    expect(breaker.counts.successes).toBe(2)
  })

  it('has listeners that throw or reject, and goes on', async () => {
    const breaker = circuitBreaker({ random: () => 0 })
    const heard: string[] = []
    const names = ['success', 'failure', 'reject', 'open', 'halfOpen', 'close', 'shutdown'] as const
    for (const name of names) {
      const on = (listener: () => unknown) => breaker.opossum.on(name as 'open', listener as () => void)
      on(() => {
        throw new Error('listener')
      })
      on(async () => {
        throw new Error('listener')
      })
      on(() => heard.push(name))
    }
    await expect(breaker.execute(() => 'well')).resolves.toBe('well')
    for (let n = 0; n < 19; n++) expect(await fail(breaker)).toEqual(new Error('down'))
    await expect(breaker.execute(() => 'refused')).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' })
    await turn(1_000)
    await expect(breaker.execute(() => 'well')).resolves.toBe('well')
    expect(breaker.state).toBe('closed')
    breaker.shutdown()
    expect(new Set(heard)).toEqual(new Set(names))
    await turn()
    expect(warned).toHaveBeenCalledTimes(names.length)
  })
})
