import { afterEach, describe, expect, it, vi } from 'vitest'
import * as errors from './index.js'

const {
  AbortedError,
  CircuitOpenError,
  ConcurrencyLimitError,
  ConfigInvalidError,
  ConnectionLostError,
  HoldfastError,
  HttpError,
  InvalidResponseError,
  isHoldfastError,
} = errors

const response = { status: 503, headers: { 'set-cookie': 'secret' }, body: 'secret', declared: false }

/** One error of every class, by its code. */
const all: Record<errors.ErrorCode, errors.HoldfastError> = {
  DEADLINE_EXCEEDED: new errors.DeadlineExceededError(),
  ATTEMPT_TIMEOUT: new errors.AttemptTimeoutError(),
  BODY_TIMEOUT: new errors.BodyTimeoutError(),
  CIRCUIT_OPEN: new CircuitOpenError(undefined, 100),
  CONCURRENCY_LIMIT: new ConcurrencyLimitError(),
  RATE_LIMITED: new errors.RateLimitedError(undefined, 100),
  CONNECT_FAILED: new errors.ConnectFailedError('refused', 'refused'),
  CONNECTION_LOST: new ConnectionLostError('reset', { processed: false }),
  DNS_FAILED: new errors.DnsFailedError('unknown', { temporary: true }),
  TLS_FAILED: new errors.TlsFailedError('expired'),
  PROTOCOL_ERROR: new errors.ProtocolError('not HTTP'),
  RESPONSE_TOO_LARGE: new errors.ResponseTooLargeError(10),
  INVALID_INPUT: new errors.InvalidInputError('getOrder', [{ path: 'id', message: 'is missing' }]),
  INVALID_RESPONSE: new InvalidResponseError('getOrder', { status: 200, problems: [], snippet: '<html>' }),
  HTTP_STATUS: new HttpError('503', response),
  ABORTED: new AbortedError(),
  NO_ENDPOINTS: new errors.NoEndpointsError(),
  LOCAL_RESOURCE: new errors.LocalResourceError('EMFILE'),
  CLOSED: new errors.ClosedError(),
  CONFIG_INVALID: new ConfigInvalidError('retry()', [{ path: '', message: 'wrong' }]),
}

afterEach(() => {
  vi.resetModules()
})

describe('every error class', () => {
  it.each(Object.entries(all))('%s: has its code, its name and the answer of the table', (code, error) => {
    expect(error).toBeInstanceOf(HoldfastError)
    expect(error).toBeInstanceOf(Error)
    expect(error.code).toBe(code)
    expect(error.name).toBe(error.constructor.name)
    expect(error.stack).toContain(`${error.name}: ${error.message}`)
    expect(isHoldfastError(error, code as errors.ErrorCode)).toBe(true)
    if (code !== 'HTTP_STATUS') expect(error.retryable).toBe(errors.errorCodes[error.code].retryable)
  })

  it('has a class that is exported', () => {
    const classes = Object.values(errors).filter(
      (value) => typeof value === 'function' && value.prototype instanceof HoldfastError,
    )
    expect(new Set(classes)).toEqual(new Set(Object.values(all).map((error) => error.constructor)))
  })

  it.each(Object.entries(errors.errorCodes))('%s: is described, and an error status', (_, info) => {
    expect(info.meaning).toMatch(/^[A-Z].*\.$/)
    expect(info.status).toBeGreaterThanOrEqual(499)
    expect(Object.isFrozen(info)).toBe(true)
  })
})

describe('the details of an error', () => {
  it('are its cause, its phase and its own retryable', () => {
    const cause = new Error('underneath')
    const error = new AbortedError('left', { cause, phase: 'waiting', retryable: true })
    expect(error).toMatchObject({ cause, phase: 'waiting', retryable: true, message: 'left' })
    expect('cause' in new AbortedError()).toBe(false)
    expect(new AbortedError(undefined, { cause: undefined })).toHaveProperty('cause', undefined)
  })

  it.each([
    [408, true],
    [425, true],
    [429, true],
    [502, true],
    [503, true],
    [504, true],
    [400, false],
    [404, false],
    [500, false],
    [501, false],
    [505, false],
  ])('say that a %d is worth retrying: %s', (status, retryable) => {
    expect(new HttpError('x', { ...response, status }).retryable).toBe(retryable)
  })

  it('name every problem in the message', () => {
    const problems = [
      { path: 'a.b', message: 'is missing' },
      { path: '', message: 'is empty' },
    ]
    expect(new ConfigInvalidError('createClient()', problems)).toMatchObject({
      message: 'createClient(): a.b: is missing; is empty',
      problems,
      phase: 'configuring',
    })
  })
})

describe('toJSON', () => {
  it('is what a log line needs, without body, headers, cause or stack', () => {
    const error = new HttpError('orders answered 503', response, { cause: new Error('secret') })
    error.dependency = 'orders'
    error.operation = 'getOrder'
    error.attempts = 2
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'HttpError',
      code: 'HTTP_STATUS',
      message: 'orders answered 503',
      retryable: true,
      phase: 'reading',
      dependency: 'orders',
      operation: 'getOrder',
      attempts: 2,
      elapsedMs: 0,
    })
  })
})

describe('isHoldfastError', () => {
  it.each<unknown>([undefined, null, 'DEADLINE_EXCEEDED', new Error('x'), { code: 'ABORTED' }, () => {}])(
    'is false for %o',
    (value) => {
      expect(isHoldfastError(value)).toBe(false)
    },
  )

  it('is false for another code', () => {
    expect(isHoldfastError(new AbortedError(), 'CLOSED')).toBe(false)
  })

  it('knows the error of another copy of this package, and the other copy ours', async () => {
    vi.resetModules()
    const copy = await import('./index.js')
    expect(copy.AbortedError).not.toBe(AbortedError)
    const theirs = new copy.AbortedError()
    expect(theirs).not.toBeInstanceOf(HoldfastError)
    expect([isHoldfastError(theirs, 'ABORTED'), copy.isHoldfastError(new AbortedError(), 'ABORTED')]).toEqual(
      [true, true],
    )
  })

  it('lets policies heed the errors of another copy', async () => {
    const { retry, circuitBreaker } = await import('../../policies/index.js')
    vi.resetModules()
    const copy = await import('./index.js')
    const delays: number[] = []
    const policy = retry({ baseMs: 0, maxAttempts: 2 })
    policy.on('retry', ({ delayMs }) => delays.push(delayMs))
    const theirs = new copy.HttpError('503', { ...response, retryAfterMs: 1 })
    await expect(policy.execute(() => Promise.reject(theirs))).rejects.toBe(theirs)
    expect(delays).toEqual([1])
    const breaker = circuitBreaker({ connectionFailures: 1 })
    const refused = new copy.ConnectFailedError('refused', 'refused')
    await breaker.execute(() => Promise.reject(refused)).catch(() => {})
    expect(breaker.state).toBe('open')
  })
})
