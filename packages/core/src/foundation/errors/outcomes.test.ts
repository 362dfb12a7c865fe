import { describe, expect, it } from 'vitest'
import type { ErrorCode } from './error-code.js'
import { errorCodes, outcomeOfCode, outcomes } from './index.js'

const codes = Object.keys(outcomes) as ErrorCode[]
const refused = codes.filter((code) => outcomes[code].call.refused)

describe('the outcome table', () => {
  it('has the rows of errorCodes', () => {
    expect(codes).toEqual(Object.keys(errorCodes))
  })

  it.each(codes)('%s: agrees with itself', (code) => {
    const { told, attempt, call } = outcomes[code]
    // What is the caller's own fault must be hidden by no answer, and speaks against nobody.
    if (!call.fallback) expect(call).toMatchObject({ stale: false, version: 'none' })
    // What was never sent was never done.
    if (call.refused && code !== 'CLOSED') expect(call.wrote).toBe(false)
    if (attempt.breaker === 'connection') expect([attempt.retry, call.wrote]).toEqual(['always', false])
    if (told.busy) expect([told.status, told.retryable, call.refused]).toEqual([503, true, true])
    // An attempt that overloads does not speak well of the dependency.
    if (attempt.limiter === 'overload') expect(attempt.breaker).not.toBe('neutral')
  })

  it.each(refused)('%s: nothing was sent, so that nothing was learnt', (code) => {
    expect(outcomes[code].attempt).toEqual({
      retry: 'no',
      breaker: 'neutral',
      limiter: 'neutral',
      latency: 'none',
      earns: false,
    })
  })

  it('has an answer for a code that only another version knows', () => {
    const { told, call } = outcomeOfCode('OF_TOMORROW' as ErrorCode)
    expect([told.status, call.refused, call.stale]).toEqual([500, false, false])
  })
})
