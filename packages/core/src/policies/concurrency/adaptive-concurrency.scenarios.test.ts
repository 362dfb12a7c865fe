import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../testing.js'
import { Execution } from '../kernel/execution.js'
import { adaptiveConcurrency } from './adaptive-concurrency.js'
import type { AdaptiveConcurrency } from './adaptive-concurrency-interface.js'
import type { LimitVerdict } from './limit-verdict.js'

/** Answers at some time with some verdict, or never. */
type Server = (answer: (verdict: LimitVerdict) => void) => void

interface Outcome {
  readonly arrivedAt: number
  readonly tookMs: number
  readonly kind: 'answer' | 'failed' | 'refused'
}

interface Load {
  readonly limits: readonly AdaptiveConcurrency[]
  readonly server: Server
  readonly perSecond: number
  readonly seconds: number
  readonly attemptTimeoutMs?: number
  /** What happens to the dependency, by milliseconds since the start. */
  readonly events?: Readonly<Record<number, () => void>>
}

const random = seededRandom(7)
const exponential = (meanMs: number): number => -meanMs * Math.log(1 - random())

/** What is due in a millisecond: fake timers look through all of theirs at every step, which takes long with many. */
const agenda = new Map<number, (() => void)[]>()

function later(ms: number, run: () => void): void {
  const now = Math.round(performance.now())
  const at = Math.max(Math.round(now + ms), now + 1)
  const due = agenda.get(at)
  if (due === undefined) agenda.set(at, [run])
  else due.push(run)
}

/** Goes on for a millisecond. */
async function tick(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1)
  const now = Math.round(performance.now())
  const due = agenda.get(now) ?? []
  agenda.delete(now)
  for (const run of due) run()
}

/** Answers in a time drawn around the mean, in milliseconds. */
function answering(meanMsAt: (now: number) => number): Server {
  return (answer) => later(exponential(meanMsAt(performance.now())), () => answer('success'))
}

/** The same, but a share is answered so, after so many milliseconds. */
function failing(share: number, [ms, verdict]: readonly [number, LimitVerdict], server: Server): Server {
  return (answer) => (random() < share ? later(ms, () => answer(verdict)) : server(answer))
}

/** Slots of 10 ms behind a queue without end, which serves also those who have left. */
function queueing(slots: number) {
  const waiting: ((verdict: LimitVerdict) => void)[] = []
  const state = { slots, busy: 0 }
  const next = (): void => {
    while (state.busy < state.slots) {
      const answer = waiting.shift()
      if (answer === undefined) return
      state.busy++
      later(10, () => {
        state.busy--
        answer('success')
        next()
      })
    }
  }
  const server: Server = (answer) => {
    waiting.push(answer)
    next()
  }
  return { state, server }
}

/** One attempt, the way a pipeline of its own uses the limit. */
async function attempt(
  limit: AdaptiveConcurrency,
  server: Server,
  timeoutMs: number,
): Promise<Outcome['kind']> {
  const execution = Execution.start(() => {})
  try {
    if (!limit.tryAcquire()) await limit.acquire(execution)
  } catch {
    return 'refused'
  }
  const startedAt = performance.now()
  const verdict = await new Promise<LimitVerdict>((resolve) => {
    later(timeoutMs, () => resolve('overload'))
    server(resolve)
  })
  limit.settled(verdict, startedAt, performance.now(), timeoutMs)
  limit.release(execution, 0)
  return verdict === 'success' ? 'answer' : 'failed'
}

/** Open-loop: arrivals wait for nobody. */
async function run({ limits, server, perSecond, seconds, attemptTimeoutMs = 3_000, events = {} }: Load) {
  const outcomes: Outcome[] = []
  let calls = 0
  let due = exponential(1_000 / perSecond)
  for (let ms = 0; ms < seconds * 1_000; ms++) {
    events[ms]?.()
    for (; due <= ms; due += exponential(1_000 / perSecond)) {
      const limit = limits[calls++ % limits.length] as AdaptiveConcurrency
      void attempt(limit, server, attemptTimeoutMs).then((kind) => {
        outcomes.push({ arrivedAt: ms, tookMs: performance.now() - ms, kind })
      })
    }
    await tick()
  }
  while (outcomes.length < calls) await tick()
  return { calls, outcomes }
}

const count = (
  outcomes: readonly Outcome[],
  kind: Outcome['kind'],
  fromMs = 0,
  untilMs = Number.POSITIVE_INFINITY,
) => outcomes.filter((one) => one.kind === kind && one.arrivedAt >= fromMs && one.arrivedAt < untilMs).length
const clients = (n: number) => Array.from({ length: n }, () => adaptiveConcurrency())

beforeEach(() => {
  agenda.clear()
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a healthy dependency is refused nothing', () => {
  it('in a cold burst of 300 parallel calls', async () => {
    const limit = adaptiveConcurrency()
    const server = answering(() => 100)
    let left = 300
    const calls = Array.from({ length: left }, () => attempt(limit, server, 3_000))
    for (const call of calls) void call.then(() => left--)
    while (left > 0) await tick()
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['answer']))
  })

  const fast = answering(() => 10)
  const healthy: Record<string, Pick<Load, 'perSecond' | 'server'>> = {
    '700 calls a second of 100 ms from cold': { perSecond: 700, server: answering(() => 100) },
    '1 % fast errors at 1000 calls a second': {
      perSecond: 1_000,
      server: failing(0.01, [1, 'overload'], fast),
    },
    '1 % of calls slower than their timeout': {
      perSecond: 250,
      server: failing(
        0.01,
        [3_500, 'success'],
        answering(() => 100),
      ),
    },
    'one of four shards refusing connections': {
      perSecond: 700,
      server: failing(0.25, [1, 'overload'], fast),
    },
    'replicas restarted one by one': {
      perSecond: 700,
      server: (answer) => {
        const isDown = Math.floor(performance.now() / 1_000) % 2 === 1
        failing(isDown ? 0.2 : 0, [1, 'overload'], fast)(answer)
      },
    },
    'eight times the latency, from 10 ms': {
      perSecond: 1_000,
      server: answering((now) => (now < 3_000 ? 10 : 80)),
    },
    'eight times the latency, from 50 ms': {
      perSecond: 250,
      server: answering((now) => (now < 3_000 ? 50 : 400)),
    },
  }

  it.each(Object.entries(healthy))('with %s', async (_, load) => {
    const { outcomes, calls } = await run({ limits: clients(1), seconds: 10, ...load })
    expect(outcomes).toHaveLength(calls)
    expect(count(outcomes, 'refused')).toBe(0)
  })
})

describe('an overloaded dependency', () => {
  it.each([1.4, 2, 4])('is kept at its capacity by ten clients at %s times of it', async (factor) => {
    const { server } = queueing(10)
    const { outcomes } = await run({
      limits: clients(10),
      server,
      perSecond: 1_000 * factor,
      seconds: 12,
      attemptTimeoutMs: 500,
    })
    expect(count(outcomes, 'answer', 2_000, 12_000)).toBeGreaterThanOrEqual(9_000)
    const took = outcomes
      .filter((one) => one.kind === 'answer' && one.arrivedAt >= 2_000)
      .map((one) => one.tookMs)
    took.sort((a, b) => a - b)
    expect(took[Math.floor(took.length * 0.99)]).toBeLessThanOrEqual(300)
  })

  it.each([1, 10, 50])('is used in full within 3 s of its return, by %s clients', async (n) => {
    const { state, server } = queueing(10)
    const { outcomes } = await run({
      limits: clients(n),
      server,
      perSecond: 700,
      seconds: 20,
      attemptTimeoutMs: 500,
      events: {
        2000: () => {
          state.slots = 2
        },
        12000: () => {
          state.slots = 10
        },
      },
    })
    const answers = count(outcomes, 'answer', 15_000, 20_000)
    const others = count(outcomes, 'failed', 15_000, 20_000) + count(outcomes, 'refused', 15_000, 20_000)
    expect(answers / (answers + others)).toBeGreaterThanOrEqual(0.95)
  })
})

describe('a black hole', () => {
  const fast = answering(() => 10)

  it('holds few of its callers, and not for long', async () => {
    const limit = adaptiveConcurrency()
    let isGone = false
    const server: Server = (answer) => {
      if (!isGone) fast(answer)
    }
    let held = 0
    const { outcomes } = await run({
      limits: [limit],
      server,
      perSecond: 100,
      seconds: 10,
      events: {
        1000: () => {
          isGone = true
        },
        9900: () => {
          held = limit.inFlight + limit.queued
        },
      },
    })
    expect(held).toBeLessThanOrEqual(20)
    const refused = outcomes.filter((one) => one.kind === 'refused' && one.arrivedAt >= 4_000)
    expect(refused.length).toBeGreaterThan(500)
    expect(Math.max(...refused.map((one) => one.tookMs))).toBeLessThanOrEqual(20)
    expect(
      Math.max(...outcomes.filter((one) => one.kind === 'refused').map((one) => one.tookMs)),
    ).toBeLessThanOrEqual(1_020)
  })
})
