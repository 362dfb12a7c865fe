import { describe, expect, it } from 'vitest'
import * as errors from '../../foundation/errors/index.js'
import { Execution } from '../../policies/index.js'
import type { RepeatableCall } from '../slots/policy-slot.js'
import { isWorthRetrying } from '../slots/retry.js'
import { UsualLatency } from './attempt-facts.js'
import { type AttemptFacts, classify, classifyStatus, type Verdict } from './classify.js'

type Headers = Record<string, string>

function httpError(status: number, retryAfterMs?: number, headers: Headers = {}): errors.HttpError {
  return new errors.HttpError('x', { status, headers, body: '', declared: false, retryAfterMs })
}

const facts = { elapsedMs: 100, usualMs: 50 }
const inTime = { elapsedMs: 10, usualMs: 50 }
const unsent = { elapsedMs: 0, usualMs: undefined }
const problems = [{ path: 'id', message: 'is missing' }]

type Row = readonly [
  outcome: string,
  error: unknown,
  retry: Verdict['retry'],
  breaker: Verdict['breaker'],
  limiter: Verdict['limiter'],
  latency: Verdict['latency'],
  more?: 'earns' | 'pauses' | undefined,
  facts?: AttemptFacts,
]

/** The table of what outcomes mean, line by line. */
const table: readonly Row[] = [
  ['a success', undefined, 'no', 'success', 'success', 'measured', 'earns'],
  ['302', httpError(302), 'no', 'success', 'success', 'measured', 'earns'],
  ['400', httpError(400), 'no', 'success', 'success', 'measured', 'earns'],
  ['404', httpError(404), 'no', 'success', 'success', 'measured', 'earns'],
  ['409 with Retry-After', httpError(409, 10), 'no', 'success', 'success', 'measured', 'earns'],
  ['499', httpError(499), 'no', 'success', 'success', 'measured', 'earns'],
  ['408', httpError(408), 'replayable', 'success', 'success', 'measured'],
  ['425', httpError(425), 'replayable', 'success', 'success', 'measured'],
  ['429', httpError(429), 'replayable', 'success', 'overload', 'none', 'pauses'],
  ['429 with Retry-After', httpError(429, 10), 'replayable', 'success', 'overload', 'none', 'pauses'],
  ['503 with Retry-After', httpError(503, 10), 'replayable', 'failure', 'overload', 'penalty', 'pauses'],
  ['503 with Retry-After: 0', httpError(503, 0), 'replayable', 'failure', 'overload', 'penalty', 'pauses'],
  ['503 without', httpError(503), 'replayable', 'failure', 'neutral', 'penalty'],
  ['502', httpError(502), 'replayable', 'failure', 'neutral', 'penalty'],
  ['504 with Retry-After', httpError(504, 10), 'replayable', 'failure', 'neutral', 'penalty'],
  ['500', httpError(500), 'optIn', 'failure', 'neutral', 'penalty'],
  ['501', httpError(501), 'optIn', 'failure', 'neutral', 'penalty'],
  ['507', httpError(507), 'optIn', 'failure', 'neutral', 'penalty'],
  ['an unknown name', new errors.DnsFailedError('x'), 'always', 'connection', 'neutral', 'penalty'],
  [
    'a failed lookup',
    new errors.DnsFailedError('x', { temporary: true }),
    'always',
    'connection',
    'neutral',
    'penalty',
  ],
  ['refused', new errors.ConnectFailedError('x', 'refused'), 'always', 'connection', 'overload', 'penalty'],
  [
    'connect timeout',
    new errors.ConnectFailedError('x', 'timeout'),
    'always',
    'connection',
    'overload',
    'penalty',
  ],
  [
    'unreachable',
    new errors.ConnectFailedError('x', 'unreachable'),
    'always',
    'connection',
    'neutral',
    'penalty',
  ],
  ['TLS', new errors.TlsFailedError('x'), 'always', 'connection', 'neutral', 'penalty'],
  ['lost', new errors.ConnectionLostError('x'), 'replayable', 'failure', 'neutral', 'penalty'],
  [
    'HTTP/2 REFUSED_STREAM',
    new errors.ConnectionLostError('x', { processed: false }),
    'always',
    'failure',
    'neutral',
    'penalty',
  ],
  ['attempt timeout', new errors.AttemptTimeoutError(), 'replayable', 'failure', 'overload', 'timeout'],
  ['body timeout', new errors.BodyTimeoutError(), 'replayable', 'failure', 'overload', 'timeout'],
  [
    'invalid response',
    new errors.InvalidResponseError('x', { status: 200, problems, snippet: '' }),
    'no',
    'neutral',
    'success',
    'measured',
  ],
  ['too large', new errors.ResponseTooLargeError(10), 'no', 'neutral', 'success', 'measured'],
  ['not HTTP', new errors.ProtocolError('x'), 'no', 'failure', 'neutral', 'penalty'],
  ['abort', new errors.AbortedError(), 'no', 'neutral', 'neutral', 'none'],
  ['EMFILE', new errors.LocalResourceError('x'), 'no', 'neutral', 'neutral', 'none'],
  ['circuit open', new errors.CircuitOpenError(), 'no', 'neutral', 'neutral', 'none'],
  ['no permit', new errors.ConcurrencyLimitError(), 'no', 'neutral', 'neutral', 'none'],
  ['no quota', new errors.RateLimitedError(), 'no', 'neutral', 'neutral', 'none'],
  ['closed', new errors.ClosedError(), 'no', 'neutral', 'neutral', 'none'],
  ['no endpoints', new errors.NoEndpointsError(), 'no', 'neutral', 'neutral', 'none'],
  ['invalid input', new errors.InvalidInputError('x', problems), 'no', 'neutral', 'neutral', 'none'],
  ['somebody else', new TypeError('x'), 'no', 'neutral', 'neutral', 'none'],
  [
    'deadline, had its usual time',
    new errors.DeadlineExceededError(),
    'no',
    'failure',
    'overload',
    'none',
    undefined,
    facts,
  ],
  [
    'deadline, nothing is usual yet',
    new errors.DeadlineExceededError(),
    'no',
    'failure',
    'overload',
    'none',
    undefined,
    { elapsedMs: 1, usualMs: undefined },
  ],
  [
    'deadline, had less',
    new errors.DeadlineExceededError(),
    'no',
    'neutral',
    'neutral',
    'none',
    undefined,
    inTime,
  ],
  [
    'deadline before sending',
    new errors.DeadlineExceededError(),
    'no',
    'neutral',
    'neutral',
    'none',
    undefined,
    unsent,
  ],
]

describe('classify', () => {
  it.each(table.map((row) => ({ outcome: row[0], row })))('$outcome', ({ row }) => {
    const [, error, retry, breaker, limiter, latency, more, attempt = facts] = row
    expect(classify(error, attempt)).toEqual({
      retry,
      breaker,
      limiter,
      latency,
      earns: more === 'earns',
      pauses: more === 'pauses',
    })
  })

  it('has a line for every code that a call can fail with', () => {
    const codes = new Set(table.map(([, error]) => (error as { code?: string } | undefined)?.code))
    const missing = Object.keys(errors.errorCodes).filter((code) => !codes.has(code))
    expect(missing).toEqual(['CONFIG_INVALID'])
  })

  it.each([200, 204, 304])('takes the status %d for an answer', (status) => {
    expect(classifyStatus(status, false)).toBe(classify(undefined, facts))
  })
})

describe('another attempt', () => {
  const kinds = {
    always: new errors.ConnectFailedError('x', 'refused'),
    replayable: httpError(503),
    optIn: httpError(500),
    no: httpError(404),
  } as const
  const calls = {
    'idempotent or keyed': { replayable: true, request: { replayable: true } },
    'neither idempotent nor keyed': { replayable: false, request: { replayable: true } },
    'a body that can be read once': { replayable: false, request: { replayable: false } },
  } as const

  const worth = (error: unknown, call: keyof typeof calls, optIn: readonly number[] = []): boolean => {
    const data = {
      operation: 'x',
      latency: new UsualLatency(),
      failure: undefined,
      verdict: undefined,
      context: undefined,
      ...calls[call],
    } satisfies RepeatableCall
    return isWorthRetrying(
      error,
      Execution.start(() => undefined, data),
      optIn,
    )
  }

  it.each<[keyof typeof calls, (keyof typeof kinds)[]]>([
    ['idempotent or keyed', ['always', 'replayable']],
    ['neither idempotent nor keyed', ['always']],
    ['a body that can be read once', []],
  ])('of what is %s follows on %j', (call, expected) => {
    const kept = Object.entries(kinds).filter(([, error]) => worth(error, call))
    expect(kept.map(([kind]) => kind)).toEqual(expected)
  })

  it('follows on a status that the operation lists, if it may be sent twice', () => {
    expect(worth(httpError(500), 'idempotent or keyed', [500])).toBe(true)
    expect(worth(httpError(501), 'idempotent or keyed', [500])).toBe(false)
    expect(worth(httpError(500), 'neither idempotent nor keyed', [500])).toBe(false)
    expect(worth(httpError(500), 'a body that can be read once', [500])).toBe(false)
  })

  it.each([503, 429, 500])('never follows on a %d with x-should-retry: false', (status) => {
    const error = httpError(status, undefined, { 'x-should-retry': 'false' })
    expect(worth(error, 'idempotent or keyed', [500])).toBe(false)
    const other = httpError(status, undefined, { 'x-should-retry': 'true' })
    expect(worth(other, 'idempotent or keyed', [500])).toBe(true)
  })
})

describe('the usual latency', () => {
  it('is unknown at first, then an average in which the latest counts an eighth', () => {
    const usual = new UsualLatency()
    expect(usual.ms).toBeUndefined()
    usual.record(80)
    expect(usual.ms).toBe(80)
    usual.record(160)
    expect(usual.ms).toBe(90)
  })
})
