import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../testing.js'
import { AdmissionLimit } from './admission-limit.js'

type Event = readonly [atMs: number, run: () => void]

/** Time that goes from one event to the next. */
class Agenda {
  now = 0
  readonly #events: Event[] = []

  at(atMs: number, run: () => void): void {
    const event = [Math.max(atMs, this.now), run] as const
    let index = this.#events.length
    while (index > 0 && (this.#events[index - 1] as Event)[0] <= event[0]) index--
    this.#events.splice(index, 0, event)
  }

  runUntil(untilMs: number): void {
    for (let next = this.#events.pop(); next !== undefined; next = this.#events.pop()) {
      if (next[0] > untilMs) {
        this.#events.push(next)
        break
      }
      this.now = next[0]
      next[1]()
    }
    this.now = untilMs
  }
}

interface Load {
  readonly perSecond: (now: number) => number
  /** Of work, in milliseconds; `Infinity` never ends. */
  readonly workMs: (now: number, random: () => number) => number
  /** Slots that the work needs one of; as many as it likes without. */
  readonly slots?: (now: number) => number
  readonly patienceMs?: number
  readonly untilMs: number
}

const exponential = (meanMs: number, random: () => number): number => -meanMs * Math.log(1 - random())

/** Open-loop arrivals at a server behind the limit, which refuses at once what it has no permit for. */
function serve({
  perSecond,
  workMs,
  slots = () => Number.POSITIVE_INFINITY,
  patienceMs = 5_000,
  untilMs,
}: Load) {
  const agenda = new Agenda()
  const random = seededRandom(11)
  const limit = new AdmissionLimit({ minLimit: 1, maxLimit: 10_000 })
  const waiting: (() => void)[] = []
  const answers: { readonly atMs: number; readonly tookMs: number }[] = []
  const refusedAt: number[] = []
  let busy = 0
  const next = (): void => {
    while (busy < slots(agenda.now)) {
      const start = waiting.shift()
      if (start === undefined) return
      start()
    }
  }
  const receive = (): void => {
    const startedAt = agenda.now
    if (limit.inFlight >= limit.value) {
      limit.waited(startedAt)
      refusedAt.push(startedAt)
      return
    }
    limit.inFlight++
    let isOver = false
    const end = (outcome: 'answered' | 'lost'): void => {
      if (isOver) return
      isOver = true
      limit.settled(outcome, startedAt, agenda.now)
      limit.inFlight--
      if (outcome === 'answered') answers.push({ atMs: agenda.now, tookMs: agenda.now - startedAt })
    }
    agenda.at(startedAt + patienceMs, () => end('lost'))
    waiting.push(() => {
      busy++
      const ms = workMs(agenda.now, random)
      if (ms === Number.POSITIVE_INFINITY) return
      agenda.at(agenda.now + ms, () => {
        busy--
        end('answered')
        next()
      })
    })
    next()
  }
  const arrive = (): void => {
    receive()
    agenda.at(agenda.now + exponential(1_000 / perSecond(agenda.now), random), arrive)
  }
  agenda.at(0, arrive)
  agenda.runUntil(untilMs)
  return { limit, answers, refusedAt }
}

const steady = (perSecond: number) => () => perSecond
const tenMs = (_: number, random: () => number): number => exponential(10, random)

describe('a limit of admission refuses nothing', () => {
  const healthy: Readonly<Record<string, Partial<Load>>> = {
    'at 90 % of the capacity': { perSecond: steady(900), slots: () => 10 },
    'when work becomes eight times slower, from 10 ms': {
      perSecond: steady(700),
      workMs: (now, random) => exponential(now < 5_000 ? 10 : 80, random),
    },
    'when work becomes eight times slower, from 50 ms': {
      perSecond: steady(700),
      workMs: (now, random) => exponential(now < 5_000 ? 50 : 400, random),
    },
    'when load and latency rise together': {
      perSecond: (now) => (now < 5_000 ? 300 : 1_200),
      workMs: (now, random) => exponential(now < 5_000 ? 10 : 80, random),
    },
    'to a service of fast and slow routes': {
      perSecond: steady(500),
      workMs: (_, random) => (random() < 0.9 ? 5 : exponential(2_000, random)),
    },
    'when slow routes are asked for more': {
      perSecond: steady(300),
      workMs: (now, random) => (random() < (now < 5_000 ? 0.95 : 0.2) ? 5 : exponential(2_000, random)),
    },
    'to other routes when one hangs until its callers leave': {
      perSecond: steady(500),
      workMs: (now, random) => (now > 5_000 && random() < 0.3 ? Infinity : exponential(10, random)),
      patienceMs: 2_000,
    },
    'at 700 requests of 100 ms a second from cold': {
      perSecond: steady(700),
      workMs: (_, random) => exponential(100, random),
    },
  }
  it.each(Object.entries(healthy))('%s', (_, load) => {
    const { answers, refusedAt } = serve({ perSecond: steady(700), workMs: tenMs, untilMs: 15_000, ...load })
    expect(answers.length).toBeGreaterThan(3_000)
    expect(refusedAt).toEqual([])
  })
})

describe('a limit of admission under overload', () => {
  it.each([1.4, 2, 4])(
    'keeps the capacity busy and, once it is noticed, the queue short at %s times of it',
    (factor) => {
      const { answers, limit } = serve({
        perSecond: (now) => (now < 5_000 ? 700 : 1_000 * factor),
        workMs: tenMs,
        slots: () => 10,
        patienceMs: 500,
        untilMs: 16_000,
      })
      expect(answers.filter(({ atMs }) => atMs >= 6_000).length).toBeGreaterThanOrEqual(9_500)
      const latencies = answers
        .filter(({ atMs }) => atMs >= 10_000)
        .map(({ tookMs }) => tookMs)
        .sort((one, other) => one - other)
      expect(latencies[Math.floor(latencies.length * 0.99)]).toBeLessThan(150)
      expect(limit.isLimiting).toBe(true)
      expect(limit.value).toBeLessThan(60)
    },
  )

  it('follows a capacity that falls to a fifth, and is gone a second after its return', () => {
    const slots = (now: number): number => (now >= 5_000 && now < 15_000 ? 2 : 10)
    const { answers, limit, refusedAt } = serve({
      perSecond: steady(700),
      workMs: tenMs,
      slots,
      patienceMs: 500,
      untilMs: 20_000,
    })
    const down = answers.filter(({ atMs }) => atMs >= 8_000 && atMs < 15_000)
    expect(down.length).toBeGreaterThan(1_200)
    expect(refusedAt.filter((atMs) => atMs > 16_000)).toEqual([])
    expect(limit.value).toBe(10_000)
  })

  it('gives up when a much lower limit makes nothing faster', () => {
    const { limit, refusedAt } = serve({
      perSecond: steady(300),
      workMs: (now, random) => exponential(now < 5_000 ? 5 : 1_000, random),
      untilMs: 40_000,
    })
    expect(refusedAt.filter((atMs) => atMs > 30_000)).toEqual([])
    expect(limit.isLimiting).toBe(false)
  })
})

describe('what a limit of admission makes of one outcome', () => {
  it('ignores failures, and callers who leave soon', () => {
    const limit = new AdmissionLimit({ minLimit: 1, maxLimit: 50 })
    for (let count = 0; count < 100; count++) {
      limit.settled('neutral', count, count + 10_000)
      limit.settled('lost', count, count + 1)
    }
    expect(limit.usualMs).toBe(0)
    for (let count = 0; count < 20; count++) limit.settled('answered', count, count + 40)
    expect(limit.usualMs).toBeCloseTo(40)
    for (let count = 0; count < 100; count++) limit.settled('lost', count, count + 1)
    expect(limit.usualMs).toBeCloseTo(40)
    expect(limit.value).toBe(50)
  })
})
