import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TestGuard, TestResolver } from '../../../test/fixtures/sets.js'
import { seededRandom } from '../../testing.js'
import { EndpointSet } from './endpoint-set.js'
import type { EndpointState, LatencyVerdict } from './endpoint-state.js'
import { addTried, type Tried, wasTried } from './tried.js'

type Step =
  | { readonly do: 'update'; readonly listed: readonly number[] }
  | { readonly do: 'call'; readonly afterAnother: boolean }
  | { readonly do: 'settle'; readonly which: number; readonly verdict: LatencyVerdict; readonly ms: number }
  | { readonly do: 'pause'; readonly which: number; readonly ms: number }
  | { readonly do: 'guard'; readonly which: number; readonly refuses: boolean }
  | { readonly do: 'wait'; readonly ms: number }

const which = fc.nat(99)
const verdict = fc.constantFrom<LatencyVerdict>('measured', 'penalty', 'penalty', 'timeout', 'none')
const call: fc.Arbitrary<Step> = fc.boolean().map((afterAnother) => ({ do: 'call', afterAnother }))
const settle: fc.Arbitrary<Step> = fc
  .tuple(which, verdict, fc.nat(3_000))
  .map(([one, says, ms]) => ({ do: 'settle', which: one, verdict: says, ms }))
const update: fc.Arbitrary<Step> = fc
  .uniqueArray(fc.nat(7), { maxLength: 8 })
  .map((listed) => ({ do: 'update', listed }))
const pause: fc.Arbitrary<Step> = fc
  .tuple(which, fc.integer({ min: 10_000, max: 60_000 }))
  .map(([one, ms]) => ({ do: 'pause', which: one, ms }))
const guard: fc.Arbitrary<Step> = fc
  .tuple(which, fc.boolean())
  .map(([one, refuses]) => ({ do: 'guard', which: one, refuses }))
const wait: fc.Arbitrary<Step> = fc.nat(20_000).map((ms) => ({ do: 'wait', ms }))
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: call },
    { weight: 4, arbitrary: settle },
    update,
    { weight: 3, arbitrary: pause },
    guard,
    wait,
  ),
  // Ejections take long sequences, of which fast-check makes few unless it is told to.
  { maxLength: 150, size: 'max' },
)

/** A set, and what a list and a count say must be true of it. */
class Model {
  readonly resolver = new TestResolver()
  readonly guards: TestGuard[] = []
  readonly inFlight: EndpointState<TestGuard>[] = []
  /** Those that have been chosen: the others cannot be unwell. */
  readonly seen = new Map<TestGuard, EndpointState<TestGuard>>()
  readonly set: EndpointSet<TestGuard>
  listed = new Set<string>()
  now = performance.now()
  made = 0

  constructor(algorithm: 'powerOfTwo' | 'roundRobin', seed: number) {
    const createGuard = () => {
      const guard = new TestGuard()
      this.guards.push(guard)
      return guard
    }
    const { resolver: source } = this
    const balancing = { algorithm, ejection: { consecutiveFailures: 2 } }
    this.set = new EndpointSet({ source, random: seededRandom(seed), balancing, createGuard })
    this.set.start()
  }

  run(step: Step): void {
    const some = 'which' in step ? this.inFlight[step.which % Math.max(1, this.inFlight.length)] : undefined
    if (step.do === 'wait') this.now += step.ms
    else if (step.do === 'update') this.update(step.listed)
    else if (step.do === 'call') this.call(step.afterAnother ? this.inFlight.at(-1) : undefined)
    else if (some === undefined) return
    else if (step.do === 'pause') some.pause(step.ms, this.now)
    else if (step.do === 'guard') some.guard.refuses = step.refuses
    else this.settle(some, step.verdict, step.ms)
  }

  settle(state: EndpointState<TestGuard>, said: LatencyVerdict, ms: number): void {
    const until = state.ejectedUntil
    const isPardoned = said === 'measured' && !state.draining && !this.unwell().has(state.endpoint.url)
    this.inFlight.splice(this.inFlight.indexOf(state), 1)
    state.settled(said, ms, this.now)
    if (until <= this.now) return
    // Who is used though it is ejected, and does well, is ejected no more.
    if (isPardoned) expect(state.ejectedUntil).not.toBe(until)
    else expect(state.ejectedUntil).toBe(until)
  }

  isWell(guard: TestGuard): boolean {
    return !(this.seen.get(guard)?.isUnwell(this.now) ?? false)
  }

  /** Who is to be left out: of those that are chosen alike the unwell, unless more than half of them are. */
  unwell(): ReadonlySet<string> {
    const listed = this.set.snapshot(this.now).filter(({ state }) => state !== 'draining')
    const tiers = [0, 1, Number.POSITIVE_INFINITY].map((tier) =>
      listed.filter(({ endpoint }) => {
        const isSpare = endpoint.weight === 0 && listed.some((other) => other.endpoint.weight > 0)
        return tier === (isSpare ? Number.POSITIVE_INFINITY : endpoint.priority)
      }),
    )
    const isAnyWell = listed.some(({ guard: one }) => this.isWell(one))
    const out = tiers.flatMap((tier) => {
      const ill = tier.filter(({ guard: one }) => !this.isWell(one))
      const isStoodInFor = ill.length === tier.length && isAnyWell
      return isStoodInFor || ill.length * 2 <= tier.length ? ill : []
    })
    return new Set(out.map(({ endpoint }) => endpoint.url))
  }

  update(listed: readonly number[]): void {
    const list = listed.map((n) => ({ url: `http://e${n}:1`, weight: n, priority: n > 5 ? 1 : 0 }))
    this.resolver.say(...list)
    if (list.length > 0) this.listed = new Set(list.map(({ url }) => url))
  }

  call(tried: Tried<TestGuard>): void {
    const state = this.set.pick(tried, this.now)
    const mayBe = this.set
      .snapshot(this.now)
      .filter(({ guard, state: is }) => is !== 'draining' && !guard.refuses)
    if (state === undefined) {
      expect(mayBe).toEqual([])
      return
    }
    expect([state.draining, state.released, state.guard.refuses]).toEqual([false, false, false])
    const isAgain = addTried(tried, state) === tried && tried !== undefined
    if (isAgain)
      expect(mayBe.filter((one) => one.state === 'active' && one.guard !== state.guard)).toEqual([])
    const isOpen = (url: string): boolean => {
      const one = mayBe.find(({ endpoint }) => endpoint.url === url)
      return one?.state === 'active' && !wasTried(tried, this.seen.get(one.guard) ?? state)
    }
    const { weight, url } = state.endpoint
    const isAnyWeighty = mayBe.some(({ endpoint }) => endpoint.weight > 0 && isOpen(endpoint.url))
    if (weight === 0 && isAnyWeighty)
      expect(`a call to the spare ${url}`).toBe('none while others can be called')
    this.seen.set(state.guard, state)
    state.began()
    this.inFlight.push(state)
  }

  check(): void {
    const known = this.set.snapshot(this.now)
    const active = known.filter(({ state }) => state !== 'draining')
    expect(new Set(active.map(({ endpoint }) => endpoint.url))).toEqual(this.listed)
    const leftOut = active.filter(({ state }) => state === 'unwell').map(({ endpoint }) => endpoint.url)
    expect(new Set(leftOut)).toEqual(this.unwell())
    expect(known.reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(this.inFlight.length)
    expect(known.filter(({ state, inFlight }) => state === 'draining' && inFlight === 0)).toEqual([])
    expect(known.every(({ costMs }) => Number.isFinite(costMs) && costMs >= 0)).toBe(true)
    const alive = new Set(known.map(({ guard }) => guard))
    expect(this.guards.map(({ closed }) => closed)).toEqual(
      this.guards.map((one) => (alive.has(one) ? 0 : 1)),
    )
  }

  end(): void {
    this.set.close()
    for (const state of this.inFlight.splice(0)) state.settled('measured', 1, this.now)
    this.listed = new Set()
    this.check()
    expect(this.set.draining).toBe(0)
  }
}

describe('any sequence of updates, calls, outcomes, pauses and refusals', () => {
  it.each(['powerOfTwo', 'roundRobin'] as const)(
    '%s chooses what may be chosen and forgets what has gone',
    (by) => {
      fc.assert(
        fc.property(steps, fc.integer(), (sequence, seed) => {
          const model = new Model(by, seed)
          for (const step of sequence) {
            model.run(step)
            model.check()
          }
          model.end()
        }),
        { numRuns: 60 },
      )
    },
  )
})

describe('weights', () => {
  it.each(['powerOfTwo', 'roundRobin'] as const)(
    '%s gives each its share while all do alike',
    (algorithm) => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 }), (weights) => {
          const source = weights.map((weight, n) => ({ url: `http://e${n}:1`, weight }))
          const random = seededRandom(weights.join())
          const set = new EndpointSet({
            source,
            random,
            balancing: { algorithm },
            createGuard: () => new TestGuard(),
          })
          set.start()
          const counts = weights.map(() => 0)
          const picks = 3_000
          for (let n = 0; n < picks; n++) {
            const index = Number(set.pick(undefined, 0)?.endpoint.url[8])
            counts[index] = (counts[index] ?? 0) + 1
          }
          const sum = weights.reduce((total, weight) => total + weight, 0)
          counts.forEach((count, n) => {
            expect(Math.abs(count / picks - (weights[n] ?? 0) / sum)).toBeLessThan(0.04)
          })
        }),
        { numRuns: 30 },
      )
    },
  )

  it.each(['powerOfTwo', 'roundRobin'] as const)(
    '%s gives each its share of calls that follow each other and take about as long, and a spare none',
    (algorithm) => {
      const shares = fc.array(fc.constantFrom<number>(0, 1, 2, 5, 9), { minLength: 2, maxLength: 5 })
      fc.assert(
        fc.property(shares, fc.constantFrom(0, 1_000), fc.integer(), (weights, pauseMs, seed) => {
          fc.pre(weights.some((weight) => weight > 0))
          const source = weights.map((weight, n) => ({ url: `http://e${n}:1`, weight }))
          const random = seededRandom(seed)
          const createGuard = () => new TestGuard()
          const set = new EndpointSet({ source, random, balancing: { algorithm }, createGuard })
          set.start()
          const counts = weights.map(() => 0)
          const calls = 2_000
          let now = performance.now()
          for (let n = 0; n < calls; n++) {
            const state = set.pick(undefined, now)
            const index = Number(state?.endpoint.url[8])
            counts[index] = (counts[index] ?? 0) + 1
            state?.began()
            const ms = 8 + 4 * random()
            now += ms
            state?.settled('measured', ms, now)
            now += pauseMs
          }
          const sum = weights.reduce((total, weight) => total + weight, 0)
          counts.forEach((count, n) => {
            if (weights[n] === 0) expect(count).toBe(0)
            expect(Math.abs(count / calls - (weights[n] ?? 0) / sum)).toBeLessThan(0.05)
          })
        }),
        { numRuns: 40 },
      )
    },
  )

  it('keep a light endpoint from taking half of the calls when there are two at a time', () => {
    const random = seededRandom(1)
    const source = ['http://e0:1', { url: 'http://e1:1', weight: 9 }]
    const set = new EndpointSet({ source, random, createGuard: () => new TestGuard() })
    set.start()
    const going: EndpointState<TestGuard>[] = []
    let light = 0
    for (let n = 0; n < 4_000; n++) {
      const state = set.pick(undefined, n * 5) as EndpointState<TestGuard>
      if (state.endpoint.weight === 1) light++
      state.began()
      going.push(state)
      if (going.length === 2) going.shift()?.settled('measured', 8 + 4 * random(), n * 5)
    }
    expect(light / 4_000).toBeLessThan(0.2)
  })

  it.each(['powerOfTwo', 'roundRobin'] as const)(
    '%s takes weights that sum to zero for equal',
    (algorithm) => {
      const source = [0, 1, 2].map((n) => ({ url: `http://e${n}:1`, weight: 0 }))
      const set = new EndpointSet({ source, balancing: { algorithm }, createGuard: () => new TestGuard() })
      set.start()
      expect(new Set(Array.from({ length: 300 }, () => set.pick(undefined, 0)?.endpoint.url)).size).toBe(3)
    },
  )

  it.each([Number.NaN, 1, -1, 7])('stand a source of chance that says %d', (chance) => {
    const source = [0, 1, 2].map((n) => ({ url: `http://e${n}:1`, weight: n }))
    const set = new EndpointSet({ source, random: () => chance, createGuard: () => new TestGuard() })
    set.start()
    expect(set.pick(undefined, 0)).toBeDefined()
  })
})

it('leaves nothing behind of 40,000 calls over changing endpoints', () => {
  const resolver = new TestResolver()
  const guards = new Set<TestGuard>()
  const createGuard = () => {
    const guard = new TestGuard()
    guard.close = () => void guards.delete(guard)
    guards.add(guard)
    return guard
  }
  const set = new EndpointSet({ source: resolver, random: seededRandom(1), createGuard })
  set.start()
  const going: EndpointState<TestGuard>[] = []
  for (let n = 0; n < 40_000; n++) {
    if (n % 400 === 0)
      resolver.say(...Array.from({ length: 100 }, (_, index) => `http://e${n / 4 + index}:1`))
    const state = set.pick(undefined, n)
    state?.began()
    if (state !== undefined) going.push(state)
    if (going.length > 50) going.shift()?.settled('measured', 10, n)
    expect(set.size + set.draining).toBeLessThanOrEqual(150)
  }
  for (const state of going) state.settled('measured', 10, 40_000)
  expect([set.draining, guards.size]).toEqual([0, 100])
  set.close()
  expect(guards.size).toBe(0)
})
