import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { circuitBreaker, compose, fallback, hedge, retry } from '../../policies/index.js'

const warned = vi.fn()
beforeEach(() => void vi.spyOn(process, 'emitWarning').mockImplementation(warned))
afterEach(() => {
  vi.restoreAllMocks()
  warned.mockClear()
})

const failure = new Error('the dependency is down')
const fail = () => Promise.reject(failure)
const mistake = (): never => {
  throw new TypeError('a mistake in the function')
}

describe("a function of the user's that throws", () => {
  it.each([
    ['when of retry()', () => retry({ when: mistake })],
    ['retryAfterMs of retry()', () => retry({ retryAfterMs: mistake, baseMs: 0, maxMs: 0 })],
    ['earns of retry()', () => retry({ earns: mistake, maxAttempts: 1 })],
    ['random', () => retry({ random: mistake, baseMs: 0, maxMs: 0 })],
    ['when of hedge()', () => hedge({ delayMs: 1, when: mistake })],
    ['when of fallback()', () => fallback('instead', { when: mistake })],
    ['classify of circuitBreaker()', () => circuitBreaker({ classify: mistake })],
    ['random', () => compose(circuitBreaker({ random: mistake, minimumCalls: 1 }))],
  ])('%s: the call keeps its own error, and one warning tells of it', async (name, make) => {
    const policy = make()
    await expect(policy.execute(fail)).rejects.toBe(failure)
    await policy.execute(fail).catch(() => {})
    expect(warned).toHaveBeenCalledTimes(1)
    expect(warned.mock.calls[0]?.[0]).toContain(`${name} threw:`)
  })

  it('counts what the breaker cannot ask about as it would without the function', async () => {
    const breaker = circuitBreaker({ classify: mistake, minimumCalls: 2 })
    for (let calls = 0; calls < 2; calls++) await breaker.execute(fail).catch(() => {})
    expect(breaker.state).toBe('open')
  })
})

it.each([Number.NaN, -1, 2, '0.5'])('a random of %s is replaced', async (drawn) => {
  const delays: number[] = []
  const policy = retry({ random: () => drawn as number, baseMs: 1, maxMs: 1, when: () => true })
  policy.on('retry', ({ delayMs }) => delays.push(delayMs))
  await policy.execute(fail).catch(() => {})
  expect(delays.every((delayMs) => delayMs >= 0 && delayMs < 1)).toBe(true)
  expect(delays).toHaveLength(2)
  expect(warned).toHaveBeenCalledTimes(1)
})
