import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startSet, stateOf, type TestGuard, TestResolver, urls } from '../../../test/fixtures/sets.js'
import { DeadlineExceededError, isHoldfastError } from '../../foundation/errors/index.js'
import { Execution } from '../../policies/index.js'
import type { EndpointSet } from './endpoint-set.js'
import { addTried } from './tried.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const execution = () => Execution.start(() => undefined)
const codeOf = async (promise: Promise<unknown> | undefined): Promise<unknown> => {
  try {
    await promise
    return 'fulfilled'
  } catch (error) {
    return isHoldfastError(error) ? error.code : error
  }
}
const chosen = (set: EndpointSet<TestGuard>, picks = 200, now = performance.now()): Set<string | undefined> =>
  new Set(Array.from({ length: picks }, () => set.pick(undefined, now)?.endpoint.url))
const fail = (state: ReturnType<typeof stateOf>, times = 1): void => {
  for (let n = 0; n < times; n++) {
    state.began()
    state.settled('penalty', 0, performance.now())
  }
}

describe('the first answer', () => {
  it('is there at once for a list', () => {
    expect(startSet(urls('ab')).ready(execution())).toBeUndefined()
  })

  it('is waited for', async () => {
    const resolver = new TestResolver()
    const set = startSet(resolver)
    const waiting = codeOf(set.ready(execution()))
    resolver.say('http://a:1')
    expect(await waiting).toBe('fulfilled')
    expect(set.ready(execution())).toBeUndefined()
  })

  it('is waited for until the deadline of a call, which then fails with NO_ENDPOINTS', async () => {
    const set = startSet(new TestResolver())
    const call = execution()
    call.expireIn(500, () => new DeadlineExceededError())
    const waiting = codeOf(set.ready(call))
    await vi.advanceTimersByTimeAsync(501)
    expect(await waiting).toBe('NO_ENDPOINTS')
  })

  it('is waited for until the caller gives up', async () => {
    const set = startSet(new TestResolver())
    const controller = new AbortController()
    const call = execution()
    call.follow(controller.signal)
    const waiting = codeOf(set.ready(call))
    controller.abort()
    expect(await waiting).toBe('ABORTED')
  })

  it.each([
    ['an error', (resolver: TestResolver) => resolver.listener?.error(new Error('no'))],
    ['an empty list', (resolver: TestResolver) => resolver.say()],
    ['no list', (resolver: TestResolver) => resolver.listener?.update('a' as never)],
    ['only nonsense', (resolver: TestResolver) => resolver.say('ftp://a', { url: '' })],
  ])('fails calls at once when it is %s, until there is a list', async (_, answer) => {
    const resolver = new TestResolver()
    const set = startSet(resolver)
    const waiting = codeOf(set.ready(execution()))
    answer(resolver)
    expect(await waiting).toBe('NO_ENDPOINTS')
    expect(await codeOf(set.ready(execution()))).toBe('NO_ENDPOINTS')
    expect(resolver.refreshes).toBe(1)
    expect(set.refusal().code).toBe('NO_ENDPOINTS')
    resolver.say('http://a:1')
    expect(set.ready(execution())).toBeUndefined()
  })

  it('comes from a resolver that throws at first, asked again after a while', async () => {
    const resolver = new TestResolver()
    const watch = vi.spyOn(resolver, 'watch').mockImplementationOnce(() => {
      throw new Error('not yet')
    })
    const set = startSet(resolver)
    expect(await codeOf(set.ready(execution()))).toBe('NO_ENDPOINTS')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(watch).toHaveBeenCalledTimes(2)
    resolver.say('http://a:1')
    expect(set.size).toBe(1)
  })

  it('ends in NO_ENDPOINTS or CLOSED when the set is closed', async () => {
    const set = startSet(new TestResolver())
    const waiting = codeOf(set.ready(execution()))
    set.close()
    expect([await waiting, await codeOf(set.ready(execution()))]).toEqual(['NO_ENDPOINTS', 'CLOSED'])
  })
})

describe('an update', () => {
  it('keeps the state of what stays, drains what goes and closes it with its last call', () => {
    const resolver = new TestResolver()
    const set = startSet(resolver)
    const told: string[] = []
    for (const name of ['added', 'removed', 'released'] as const) {
      set.events.on(name, ({ endpoint }) => told.push(`${name} ${endpoint.url}`))
    }
    resolver.say(...urls('ab'))
    const [a, b] = [stateOf(set, 'a'), stateOf(set, 'b')]
    a.began()
    resolver.say(...urls('bc'))
    expect([set.size, set.draining, a.draining]).toEqual([2, 1, true])
    expect(chosen(set)).toEqual(new Set(['http://b:1', 'http://c:1']))
    expect(stateOf(set, 'b')).toBe(b)
    expect(a.guard.closed).toBe(0)
    a.settled('measured', 5, 0)
    a.settled('measured', 5, 0)
    expect([a.guard.closed, set.draining, b.guard.closed]).toEqual([1, 0, 0])
    expect(told).toEqual([
      'added http://a:1',
      'added http://b:1',
      'added http://c:1',
      'removed http://a:1',
      'released http://a:1',
    ])
  })

  it('takes back what was still draining, with its calls', () => {
    const resolver = new TestResolver()
    const set = startSet(resolver)
    resolver.say(...urls('ab'))
    const a = stateOf(set, 'a')
    a.began()
    resolver.say(...urls('b'))
    resolver.say(...urls('ab'))
    stateOf(set, 'b').guard.refuse(100)
    expect(stateOf(set, 'a')).toBe(a)
    a.settled('measured', 5, 0)
    expect([a.inFlight, a.guard.closed, set.draining]).toEqual([0, 0, 0])
  })

  it('makes an endpoint whose address changes another one', () => {
    const resolver = new TestResolver()
    const set = startSet(resolver)
    resolver.say({ id: 'pod', url: 'http://a:1' })
    const before = stateOf(set, 'a')
    resolver.say({ id: 'pod', url: 'http://b:1' })
    expect(stateOf(set, 'b')).not.toBe(before)
    expect(before.guard.closed).toBe(1)
  })

  it('that is empty changes nothing, unless it is to be believed', () => {
    const [careful, believing] = [new TestResolver(), new TestResolver()]
    const [kept, emptied] = [startSet(careful), startSet(believing, { allowEmpty: true })]
    const errors = vi.fn()
    kept.events.on('resolverError', errors)
    for (const resolver of [careful, believing]) {
      resolver.say('http://a:1')
      resolver.say()
    }
    expect([kept.size, emptied.size]).toEqual([1, 0])
    expect(emptied.refusal().code).toBe('NO_ENDPOINTS')
    expect(String(errors.mock.calls[0]?.[0].error)).toContain('the last known ones stay in use')
  })

  it('is used as far as it is right', () => {
    const resolver = new TestResolver()
    const set = startSet(resolver)
    const errors: string[] = []
    set.events.on('resolverError', ({ error }) => errors.push(String(error)))
    resolver.say('http://a:1', 'nonsense', { url: 'http://b:1', weight: 2 }, 'http://a:1/')
    expect(set.size).toBe(2)
    expect(errors).toHaveLength(2)
    expect(errors[1]).toContain('more than once, of which the first counts: http://a:1')
  })

  it('keeps a bounded number, those in use first', () => {
    const resolver = new TestResolver()
    const set = startSet(resolver, { maxEndpoints: 2 })
    resolver.say(...urls('abcd'))
    resolver.say(...urls('dcba'))
    expect(chosen(set)).toEqual(new Set(urls('ab')))
    for (let n = 0; n < 50; n++) {
      set.pick(undefined, 0)?.began()
      resolver.say(`http://flap-${n}:1`)
      expect(set.size + set.draining).toBeLessThanOrEqual(4)
    }
  })

  it('comes to nothing after the end', () => {
    const resolver = new TestResolver()
    const set = startSet(resolver)
    resolver.say('http://a:1')
    const a = stateOf(set, 'a')
    a.began()
    set.close()
    resolver.say('http://b:1')
    expect([set.size, resolver.closes, a.guard.closed]).toEqual([0, 1, 0])
    a.settled('none', 0, 0)
    expect(a.guard.closed).toBe(1)
  })
})

/** Calls one after the other that take `ms` each, and `pauseMs` in between; how many each endpoint gets. */
const callInTurn = (
  set: EndpointSet<TestGuard>,
  calls: number,
  { pauseMs = 0, ms = 10 } = {},
): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (let n = 0; n < calls; n++) {
    const state = set.pick(undefined, performance.now())
    if (state === undefined) continue
    counts[state.endpoint.url[7] ?? ''] = (counts[state.endpoint.url[7] ?? ''] ?? 0) + 1
    state.began()
    vi.advanceTimersByTime(ms)
    state.settled('measured', ms, performance.now())
    vi.advanceTimersByTime(pauseMs)
  }
  return counts
}

describe('a spare', () => {
  const spared = () => startSet(['http://a:1', { url: 'http://z:1', weight: 0 }])

  it('gets no call while the other can be called', () => {
    expect(callInTurn(spared(), 200)).toEqual({ a: 200 })
  })

  it('is called when the others refuse, are left out or have been tried', () => {
    const [refused, ejected, paused, tried] = [spared(), spared(), spared(), spared()]
    const a = stateOf(tried, 'a')
    stateOf(refused, 'a').guard.refuse(100)
    fail(stateOf(ejected, 'a'), 5)
    stateOf(paused, 'a').pause(5_000, performance.now())
    for (const set of [refused, ejected, paused]) expect(callInTurn(set, 50)).toEqual({ z: 50 })
    expect(tried.pick(a, 0)?.endpoint.url).toBe('http://z:1')
    vi.advanceTimersByTime(10_000)
    for (const set of [ejected, paused]) expect(callInTurn(set, 50)).toEqual({ a: 50 })
  })

  it('does not take over while half of the others do well', () => {
    const set = startSet([...urls('abcd'), { url: 'http://z:1', weight: 0 }])
    for (const name of 'ab') fail(stateOf(set, name), 5)
    expect(chosen(set)).toEqual(new Set(urls('cd')))
    fail(stateOf(set, 'c'), 5)
    expect(chosen(set)).toEqual(new Set(urls('abcd')))
    fail(stateOf(set, 'd'), 5)
    expect(chosen(set)).toEqual(new Set(urls('z')))
  })
})

describe('priorities', () => {
  const ranked = () =>
    startSet([
      { url: 'http://x:1', priority: 2 },
      { url: 'http://b:1', priority: 1 },
      { url: 'http://a:1', priority: 1, weight: 3 },
    ])

  it('are followed from the lowest on, as far as one is refused or left out', () => {
    const set = ranked()
    expect(chosen(set)).toEqual(new Set(urls('ab')))
    stateOf(set, 'a').guard.refuse(100)
    expect(chosen(set)).toEqual(new Set(urls('b')))
    stateOf(set, 'b').guard.refuse(100)
    expect(chosen(set)).toEqual(new Set(urls('x')))
    const other = ranked()
    for (const name of 'ab') fail(stateOf(other, name), 5)
    expect(chosen(other)).toEqual(new Set(urls('x')))
    fail(stateOf(other, 'x'), 5)
    expect(chosen(other)).toEqual(new Set(urls('ab')))
  })

  it('may change', () => {
    const resolver = new TestResolver()
    const set = startSet(resolver)
    resolver.say({ url: 'http://a:1' }, { url: 'http://b:1', priority: 1 })
    expect(chosen(set)).toEqual(new Set(urls('a')))
    resolver.say({ url: 'http://a:1', priority: 2 }, { url: 'http://b:1', priority: 1 })
    expect(chosen(set)).toEqual(new Set(urls('b')))
  })
})

describe('an endpoint of which nothing is known', () => {
  it.each([0, 1_000, 30_000])('gets its first call soon from a client that calls every %i ms', (pauseMs) => {
    const resolver = new TestResolver()
    const set = startSet(resolver)
    resolver.say(...urls('abc'))
    // What is known has become better than what is usual.
    callInTurn(set, 60, { pauseMs, ms: 200 })
    callInTurn(set, 10, { pauseMs })
    resolver.say(...urls('abcn'))
    // Half of the pairs have it: of 2 ** 20 runs one would see none of them.
    const { n = 0 } = callInTurn(set, 20, { pauseMs })
    expect(n).toBeGreaterThan(0)
    expect(n).toBeLessThan(15)
  })

  it('gets one call at a time until it has answered', () => {
    const resolver = new TestResolver()
    const set = startSet(resolver)
    resolver.say(...urls('abcd'))
    callInTurn(set, 60)
    resolver.say(...urls('abcdn'))
    const fresh = stateOf(set, 'n')
    fresh.began()
    // The others are idle, and two calls on it cost more than one on each of them.
    expect(chosen(set)).toEqual(new Set(urls('abcd')))
  })
})

describe('the choice', () => {
  it('avoids what a call has tried, if it can', () => {
    const set = startSet(urls('abc'))
    const [a, b, c] = [stateOf(set, 'a'), stateOf(set, 'b'), stateOf(set, 'c')]
    const two = addTried(addTried(undefined, a), b)
    for (let n = 0; n < 50; n++) expect(set.pick(two, 0)).toBe(c)
    expect(set.pick(addTried(two, c), 0)).toBeDefined()
  })

  it('passes over those that refuse, and says when all do', () => {
    const set = startSet(urls('ab'))
    const [a, b] = [stateOf(set, 'a'), stateOf(set, 'b')]
    a.guard.refuse(900)
    expect(chosen(set)).toEqual(new Set(['http://b:1']))
    b.guard.refuse(300)
    expect(set.pick(undefined, 0)).toBeUndefined()
    expect(set.refusal()).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 300 })
  })

  it('leaves alone what asked for it, a minute at most', () => {
    const set = startSet(urls('ab'))
    const now = performance.now()
    stateOf(set, 'a', now).pause(3_600_000, now)
    expect(chosen(set)).toEqual(new Set(['http://b:1']))
    expect(chosen(set, 200, now + 60_001)).toEqual(new Set(urls('ab')))
  })

  it('goes to the own zone while half of it is well', () => {
    const near = urls('abc').map((url) => ({ url, zone: 'here' }))
    const set = startSet([...near, ...urls('xyz')], { zone: 'here' })
    const now = performance.now()
    expect(chosen(set)).toEqual(new Set(urls('abc')))
    stateOf(set, 'a', now).pause(1_000, now)
    expect(chosen(set)).toEqual(new Set(urls('bc')))
    stateOf(set, 'b', now).pause(1_000, now)
    expect(chosen(set)).toEqual(new Set(urls('cxyz')))
  })

  it('goes elsewhere when all of the own zone refuse', () => {
    const set = startSet([{ url: 'http://a:1', zone: 'here' }, 'http://x:1'], { zone: 'here' })
    stateOf(set, 'a').guard.refuse(100)
    expect(chosen(set)).toEqual(new Set(['http://x:1']))
  })

  it('does not storm an endpoint of which nothing is known', () => {
    const resolver = new TestResolver()
    const set = startSet(resolver)
    resolver.say(...urls('abc'))
    for (const name of 'abc') {
      const state = stateOf(set, name)
      state.began()
      state.settled('measured', 50, 0)
    }
    resolver.say(...urls('abcd'))
    let chosen = 0
    for (let n = 0; n < 4_000; n++) {
      const state = set.pick(undefined, 0)
      state?.began()
      if (state?.endpoint.url === 'http://d:1') chosen++
    }
    expect(chosen).toBeGreaterThan(750)
    expect(chosen).toBeLessThan(1_250)
  })
})

describe('ejection', () => {
  it('leaves out what fails five times in a row, for longer each time, and readmits it on probation', () => {
    const set = startSet(urls('abcd'))
    const told: unknown[] = []
    set.events.on('ejected', ({ reason, ejectedMs }) => told.push([reason, ejectedMs]))
    set.events.on('readmitted', ({ endpoint }) => told.push(endpoint.url))
    const a = stateOf(set, 'a')
    const others = [...'bcd'].map((name) => stateOf(set, name))
    fail(a, 4)
    a.began()
    a.settled('measured', 1, performance.now())
    fail(a, 4)
    expect(told).toEqual([])
    fail(a, 3)
    expect(told).toEqual([['consecutive failures', 10_000]])
    expect(chosen(set)).toEqual(new Set(urls('bcd')))
    vi.advanceTimersByTime(10_001)
    const again = stateOf(set, 'a', performance.now())
    for (const other of others) for (let n = 0; n < 5; n++) other.began()
    again.began()
    expect(chosen(set)).toEqual(new Set(urls('bcd')))
    again.settled('penalty', 0, performance.now())
    expect(told.slice(1)).toEqual(['http://a:1', ['consecutive failures', 20_000]])
  })

  it('finds the one that fails more often than the others together', () => {
    const set = startSet(urls('abc'), { ejection: { consecutiveFailures: 1_000 } })
    const reasons: string[] = []
    set.events.on('ejected', ({ endpoint, reason }) => reasons.push(`${endpoint.url} ${reason}`))
    const states = [...'abc'].map((name) => stateOf(set, name))
    for (let n = 0; n < 40; n++) {
      for (const state of states) {
        state.began()
        state.settled(n % 2 === 0 && state === states[0] ? 'penalty' : 'measured', 5, performance.now())
      }
    }
    expect(reasons).toEqual([])
    vi.advanceTimersByTime(10_000)
    states[1]?.settled('measured', 5, performance.now())
    expect(reasons).toEqual(['http://a:1 failure ratio'])
  })

  it('ignores health when more than half are ill, and pardons what does well then', () => {
    const set = startSet(urls('abc'))
    const states = [...'abc'].map((name) => stateOf(set, name))
    fail(states[0] as never, 5)
    expect(chosen(set).size).toBe(2)
    fail(states[1] as never, 5)
    expect(set.snapshot(performance.now()).map(({ state }) => state)).toEqual(['active', 'active', 'active'])
    states[0]?.began()
    expect(set.pick(undefined, performance.now())).toBeDefined()
    states[0]?.settled('measured', 1, performance.now())
    expect(states[0]?.ejectedUntil).toBe(0)
  })

  it('never leaves out the only one, and is off where it is switched off', () => {
    const [one, off] = [startSet(urls('a')), startSet(urls('ab'), { ejection: false })]
    const ejected = vi.fn()
    for (const set of [one, off]) {
      set.events.on('ejected', ejected)
      fail(stateOf(set, 'a'), 50)
    }
    expect(ejected).not.toHaveBeenCalled()
  })
})

it('warns of a guard that cannot be closed, and goes on', () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const resolver = new TestResolver()
  const set = startSet(resolver)
  resolver.say(...urls('ab'))
  stateOf(set, 'a').guard.close = () => {
    throw new Error('stuck')
  }
  resolver.say(...urls('b'))
  expect(set.size).toBe(1)
  expect(warned).toHaveBeenCalledOnce()
})
