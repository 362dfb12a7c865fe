import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isHoldfastError } from '../../foundation/errors/index.js'
import { compose } from '../kernel/compose.js'
import type { ExecutionContext } from '../kernel/execution.js'
import { retry } from '../retry/retry.js'
import { timeout } from '../timeout/timeout.js'
import { chaos } from './chaos.js'
import type { ChaosOptions } from './options.js'

const caught = (promise: Promise<unknown>) => promise.catch((error: unknown) => error)
const answered = () => 'answered'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

/** The warnings of the process from now on. */
function warnings(): unknown[] {
  const warned: unknown[] = []
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warned.push(String(warning)))
  return warned
}

describe('switched off', () => {
  it.each([undefined, false, () => false])('by %s, it does nothing', async (enabled) => {
    const policy = chaos({ errors: 'reset', latency: 1_000, ...(enabled !== undefined && { enabled }) })
    expect(policy.isEnabled).toBe(false)
    expect(await policy.execute(answered)).toBe('answered')
  })

  it('asks nothing of a call', async () => {
    const when = vi.fn(() => true)
    await chaos({ errors: 'reset', when }).execute(answered)
    expect(when).not.toHaveBeenCalled()
  })
})

describe('the switch', () => {
  it('works while calls are made, and tells of it', async () => {
    const policy = chaos({ errors: 'reset' })
    const told: boolean[] = []
    policy.on('switch', ({ isEnabled }) => told.push(isEnabled))
    policy.enable()
    policy.enable()
    expect(policy.isEnabled).toBe(true)
    expect(await caught(policy.execute(answered))).toMatchObject({ code: 'CONNECTION_LOST' })
    policy.disable()
    expect(await policy.execute(answered)).toBe('answered')
    expect(told).toEqual([true, false])
  })

  it('may be a function, asked once a call; enable() and disable() replace it', async () => {
    let isOn = false
    const enabled = vi.fn(() => isOn)
    const policy = chaos({ errors: 'reset', enabled })
    const told: boolean[] = []
    policy.on('switch', ({ isEnabled }) => told.push(isEnabled))
    expect(await policy.execute(answered)).toBe('answered')
    isOn = true
    expect(await caught(policy.execute(answered))).toMatchObject({ code: 'CONNECTION_LOST' })
    expect(enabled).toHaveBeenCalledTimes(2)
    policy.disable()
    expect(await policy.execute(answered)).toBe('answered')
    expect(enabled).toHaveBeenCalledTimes(2)
    expect(told).toEqual([true, false])
  })

  it('is off where the function throws, which is reported', async () => {
    const warned = warnings()
    const enabled = () => {
      throw new Error('no flags')
    }
    expect(await chaos({ errors: 'reset', enabled }).execute(answered)).toBe('answered')
    expect(warned.join()).toContain('no flags')
  })

  it('warns in production, each time that it is switched on', () => {
    vi.stubEnv('NODE_ENV', 'production')
    const warned = warnings()
    const policy = chaos({ errors: 'reset' })
    expect(warned).toEqual([])
    policy.enable()
    expect(warned).toEqual([expect.stringContaining('NODE_ENV is production')])
    policy.disable()
    policy.enable()
    expect(warned).toHaveLength(2)
    vi.stubEnv('NODE_ENV', 'test')
    chaos({ errors: 'reset', enabled: true })
    expect(warned).toHaveLength(2)
  })
})

describe('latency', () => {
  it.each([
    ['a number', 50, 50],
    ['a range of one', { minMs: 50, maxMs: 50 }, 50],
    ['a function', () => 50, 50],
  ] as const)('of %s holds the call up before it is made', async (_name, latency, ms) => {
    const work = vi.fn(answered)
    const call = chaos({ latency, enabled: true }).execute(work)
    await vi.advanceTimersByTimeAsync(ms - 1)
    expect(work).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(await call).toBe('answered')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is told the call', async () => {
    const latency = vi.fn(({ attempt }: ExecutionContext) => attempt * 10)
    const call = chaos({ latency, enabled: true }).execute(answered)
    await vi.advanceTimersByTimeAsync(10)
    expect(await call).toBe('answered')
    expect(latency).toHaveBeenCalledTimes(1)
  })

  it.each([-1, Number.NaN, 'x', undefined])(
    'of a function that gives %s is none, which is reported',
    async (ms) => {
      const warned = warnings()
      expect(await chaos({ latency: () => ms as number, enabled: true }).execute(answered)).toBe('answered')
      expect(warned).toHaveLength(1)
    },
  )

  it('ends with a timeout around, whose error is marked', async () => {
    const work = vi.fn(answered)
    const policy = compose(timeout({ timeoutMs: 20 }), chaos({ latency: 1_000, enabled: true }))
    const failure = caught(policy.execute(work))
    await vi.advanceTimersByTimeAsync(20)
    expect(await failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', injected: true, phase: 'waiting' })
    expect(work).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends with the caller, whose abort is not marked', async () => {
    const controller = new AbortController()
    const call = chaos({ latency: 1_000, enabled: true }).execute(answered, { signal: controller.signal })
    const failure = caught(call)
    controller.abort(new Error('gone'))
    const error = await failure
    expect(error).toMatchObject({ code: 'ABORTED' })
    expect(error).not.toHaveProperty('injected')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('errors', () => {
  it.each([
    ['connection', { code: 'CONNECT_FAILED', reason: 'refused', phase: 'connecting' }],
    ['reset', { code: 'CONNECTION_LOST', phase: 'waiting' }],
    ['timeout', { code: 'ATTEMPT_TIMEOUT' }],
    [503, { code: 'HTTP_STATUS', status: 503, retryable: true }],
    [
      { status: 429, retryAfterMs: 1_500 },
      { code: 'HTTP_STATUS', status: 429, retryAfterMs: 1_500 },
    ],
  ] as const)('%o: are those of the real thing, and marked', async (errors, expected) => {
    const work = vi.fn(answered)
    const error = await caught(chaos({ errors, enabled: true }).execute(work))
    expect(error).toMatchObject({ ...expected, injected: true })
    expect((error as Error).message).toContain('injected by chaos')
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ injected: true })
    expect(work).not.toHaveBeenCalled()
  })

  it('come after the latency', async () => {
    const failure = caught(chaos({ errors: 'reset', latency: 10, enabled: true }).execute(answered))
    await vi.advanceTimersByTimeAsync(9)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await failure).toMatchObject({ code: 'CONNECTION_LOST' })
  })

  it('of the kind timeout keep a call waiting for the timeout around it', async () => {
    const attempt = timeout({ timeoutMs: 30, scope: 'attempt' })
    const failure = caught(compose(attempt, chaos({ errors: 'timeout', enabled: true })).execute(answered))
    await vi.advanceTimersByTimeAsync(29)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await failure).toMatchObject({ code: 'ATTEMPT_TIMEOUT', injected: true })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('may be made by a function, which is told the call', async () => {
    const own = new RangeError('mine')
    const errors = vi.fn((_call: ExecutionContext) => own)
    expect(await caught(chaos({ errors, enabled: true }).execute(answered))).toBe(own)
    expect(own).toMatchObject({ injected: true, message: 'mine' })
    expect(errors.mock.calls[0]?.[0]).toMatchObject({ attempt: 1 })
  })

  it('that a function throws are its error; without one the call goes on', async () => {
    const throwing = () => {
      throw new RangeError('mine')
    }
    const run = (errors: () => unknown) => caught(chaos({ errors, enabled: true }).execute(answered))
    expect(await run(throwing)).toMatchObject({ message: 'mine', injected: true })
    expect(await run(() => undefined)).toBe('answered')
    expect(await run(() => 'a text')).toBe('a text')
    expect(await run(() => Object.freeze(new Error('frozen')))).toMatchObject({ message: 'frozen' })
  })

  it('may be made later', async () => {
    const run = (errors: () => Promise<unknown>) => caught(chaos({ errors, enabled: true }).execute(answered))
    expect(await run(async () => new RangeError('mine'))).toMatchObject({ message: 'mine', injected: true })
    expect(await run(() => Promise.reject(new RangeError('mine')))).toMatchObject({ injected: true })
    expect(await run(async () => undefined)).toBe('answered')
  })

  it('are what a retry around reacts to', async () => {
    const faults = chaos({ errors: 'reset', when: ({ attempt }) => attempt < 3, enabled: true })
    const policy = compose(retry({ maxAttempts: 3, baseMs: 1, maxMs: 1, budget: false }), faults)
    const call = policy.execute(answered)
    await vi.advanceTimersByTimeAsync(10)
    expect(await call).toBe('answered')
  })
})

describe('which calls', () => {
  /** The kinds that are drawn for so many calls. */
  function drawn(count: number, options: ChaosOptions<number>): (string | undefined)[] {
    const policy = chaos<number>(options)
    return Array.from({ length: count }, (_, call) => policy.draw(call)?.kind)
  }

  it('are those that when() lets through; none where it throws', async () => {
    const warned = warnings()
    const some = { errors: 'reset', when: (call: number) => call % 2 === 0 } as const
    expect(drawn(4, some)).toEqual(['reset', undefined, 'reset', undefined])
    const failing = () => {
      throw new Error('no')
    }
    expect(drawn(2, { errors: 'reset', when: failing })).toEqual([undefined, undefined])
    expect(warned).toHaveLength(1)
  })

  it('are none where when() is async', () => {
    const warned = warnings()
    const late = (async () => Promise.reject(new Error('late'))) as never
    expect(drawn(2, { errors: 'reset', when: late })).toEqual([undefined, undefined])
    expect(warned).toEqual([expect.stringContaining('when of chaos() threw: TypeError: it gave a promise')])
  })

  it('fail in each of the ways that are given, and only in a share of them', () => {
    const kinds = drawn(1_000, {
      errors: ['connection', 503],
      latency: 5,
      errorRatio: 0.5,
      rate: 0.8,
      seed: 1,
    })
    const count = (wanted: string | undefined) => kinds.filter((kind) => kind === wanted).length
    expect(count(undefined)).toBeGreaterThan(150)
    expect(count(undefined)).toBeLessThan(250)
    for (const [kind, expected] of [
      ['latency', 400],
      ['connection', 200],
      ['status', 200],
    ] as const) {
      expect(Math.abs(count(kind) - expected)).toBeLessThan(60)
    }
  })

  it('are told, with what is done to them', async () => {
    const policy = chaos({ errors: 503, latency: 5, enabled: true })
    const told: unknown[] = []
    policy.on('inject', ({ kind, latencyMs, status, call }) =>
      told.push([kind, latencyMs, status, typeof call]),
    )
    const failure = caught(policy.execute(answered))
    await vi.advanceTimersByTimeAsync(5)
    expect(isHoldfastError(await failure)).toBe(true)
    expect(told).toEqual([['status', 5, 503, 'object']])
  })
})

describe('options', () => {
  it.each<[unknown, RegExp]>([
    [undefined, /must be an object of options/],
    [null, /must be an object of options/],
    [{}, /has nothing to inject; give latency, errors or both/],
    [{ rate: 0.5, seed: 1 }, /has nothing to inject/],
    [{ errors: [] }, /errors: is an empty list/],
    [{ errors: 'refused' }, /errors: must be 'connection', 'reset', 'timeout', a status or a function/],
    [{ errors: ['reset', null] }, /errors\.1: must be/],
    [{ errors: 200 }, /errors: must be a whole number from 400 to 599, not 200/],
    [{ errors: { status: 503.5 } }, /errors\.status: must be a whole number/],
    [{ errors: { state: 503 } }, /errors\.state: .*did you mean 'status'.*errors\.status: is missing/s],
    [{ errors: { status: 503, retryAfterMs: -1 } }, /errors\.retryAfterMs: must be more than 0/],
    [{ latency: -1 }, /latency: must be more than 0/],
    [{ latency: 0 }, /latency: must be more than 0/],
    [{ latency: '5' }, /latency: must be/],
    [{ latency: {} }, /latency\.maxMs: is missing/],
    [{ latency: { minMs: -1, maxMs: 5 } }, /latency\.minMs: must be at least 0/],
    [{ latency: { minMs: 9, maxMs: 5 } }, /latency\.minMs: is more than maxMs, 9 against 5/],
    [{ latency: { max: 5 } }, /latency\.max: is not an option/],
    [{ latency: 5, rate: 1.1 }, /rate: must be a number from 0 to 1, not 1\.1/],
    [{ latency: 5, rate: -0.1 }, /rate: must be a number from 0 to 1/],
    [{ latency: 5, errorRatio: 0.5 }, /errorRatio: has no effect without errors/],
    [{ errors: 500, errorRatio: 2 }, /errorRatio: must be a number from 0 to 1/],
    [{ latency: 5, when: true }, /when: must be a function/],
    [{ latency: 5, seed: {} }, /seed: must be a number/],
    [{ latency: 5, enabled: 'yes' }, /enabled: must be true, false or a function that says so, not 'yes'/],
    [{ latency: 5, latancy: 5 }, /latancy: is not an option; did you mean 'latency'/],
  ])('%o is refused', (options, message) => {
    expect(() => chaos(options as ChaosOptions)).toThrow(message)
  })

  it('are refused with everything that is wrong at once', () => {
    const wrong = { latency: -1, errors: ['x'], rate: 2, when: 1, enabled: 1, extra: 1 }
    expect(() => chaos(wrong as never)).toThrow(/extra: .*latency: .*errors\.0: .*rate: .*when: .*enabled: /s)
  })

  it('are refused where they are a made policy of no use', () => {
    expect(() => compose(chaos({ latency: 5 }), {} as never)).toThrow('is not a policy')
  })
})
