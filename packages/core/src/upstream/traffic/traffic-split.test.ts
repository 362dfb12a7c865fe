import { describe, expect, it, vi } from 'vitest'
import { ConfigInvalidError } from '../../foundation/errors/index.js'
import { seededRandom } from '../../policies/index.js'
import type { TrafficRule } from './traffic-rule.js'
import { trafficSplit } from './traffic-split.js'

/** What is wrong, as `path: message` lines. */
function problemsOf(run: () => unknown): readonly string[] {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigInvalidError)
      return error.problems.map(({ path, message }) => `${path}: ${message}`)
    throw error
  }
  return []
}

const legacyAndNew = (rules: readonly TrafficRule<'legacy' | 'new'>[]) =>
  trafficSplit({ weights: { legacy: 1, new: 0 }, rules, random: seededRandom(1) })

describe('rules', () => {
  it.each<[string, Omit<TrafficRule, 'version'>, object, boolean]>([
    ['a path', { path: '/orders' }, { path: '/orders' }, true],
    ['a path with a query', { path: '/orders' }, { path: '/orders?page=2' }, true],
    ['no longer path', { path: '/orders' }, { path: '/orders/42' }, false],
    ['a template', { path: '/orders/{id}' }, { path: '/orders/42' }, true],
    ['the template of an operation', { path: '/orders/{id}' }, { path: '/orders/{orderId}' }, true],
    ['no segment more than a template has', { path: '/orders/{id}' }, { path: '/orders/42/lines' }, false],
    ['all below a prefix', { path: '/orders/*' }, { path: '/orders/42/lines?x' }, true],
    ['the prefix itself', { path: '/orders/*' }, { path: '/orders' }, true],
    ['nothing that only begins alike', { path: '/orders/*' }, { path: '/orders-old/42' }, false],
    ['everything', { path: '/*' }, { path: '/' }, true],
    ['a path literally', { path: '/a.b' }, { path: '/axb' }, false],
    ['no call without a path', { path: '/*' }, {}, false],
    ['a method in any case', { method: 'get' }, { method: 'GET' }, true],
    ['one of several methods', { method: ['GET', 'HEAD'] }, { method: 'POST' }, false],
    ['an operation', { operation: 'getOrder' }, { operation: 'getOrder' }, true],
    ['no other operation', { operation: ['getOrder'] }, { operation: 'getOrders' }, false],
    ['a header with a value', { headers: { 'X-Canary': 'yes' } }, { headers: { 'x-canary': 'yes' } }, true],
    ['a header in any case', { headers: { 'x-canary': 'yes' } }, { headers: { 'X-Canary': 'yes' } }, true],
    [
      'a header with another value',
      { headers: { 'x-canary': 'yes' } },
      { headers: { 'x-canary': 'no' } },
      false,
    ],
    [
      'one of several values',
      { headers: { 'x-tenant': ['a', 'b'] } },
      { headers: { 'x-tenant': ['b'] } },
      true,
    ],
    ['any value', { headers: { 'x-tenant': true } }, { headers: { 'x-tenant': '' } }, true],
    ['no missing header', { headers: { 'x-tenant': true } }, { headers: {} }, false],
    ['Headers', { headers: { 'X-Tenant': 'a' } }, { headers: new Headers({ 'x-tenant': 'a' }) }, true],
    ['what a function says', { when: ({ input }) => input === 1 }, { input: 1 }, true],
    ['all conditions together', { method: 'GET', path: '/a' }, { method: 'POST', path: '/a' }, false],
  ])('match %s', (_, rule, request, matches) => {
    const split = legacyAndNew([{ ...rule, version: 'new' }])
    expect(split.choose(request)).toBe(matches ? 'new' : 'legacy')
  })

  it('decide in their order, the first one wins', () => {
    const split = legacyAndNew([
      { path: '/orders/export', version: 'legacy' },
      { path: '/orders/*', version: 'new' },
    ])
    expect(split.decide({ path: '/orders/export' })).toMatchObject({ version: 'legacy', rule: 0 })
    expect(split.decide({ path: '/orders/1' })).toMatchObject({ version: 'new', rule: 1 })
    expect(split.decide({ path: '/carts' })).toMatchObject({ version: 'legacy', rule: undefined })
  })

  it('take a percentage of what they match, and leave the rest to the next one', () => {
    const split = legacyAndNew([
      { path: '/orders/*', version: 'new', percent: 20 },
      { path: '/orders/*', version: 'legacy', percent: 0 },
    ])
    const taken = Array.from({ length: 5_000 }, () => split.choose({ path: '/orders/1' })).filter(
      (v) => v === 'new',
    )
    expect(taken.length).toBeGreaterThan(850)
    expect(taken.length).toBeLessThan(1_150)
    expect(split.choose({ path: '/carts' })).toBe('legacy')
  })

  it('take more of the same keys when the percentage rises', () => {
    const split = legacyAndNew([])
    const keys = Array.from({ length: 500 }, (_, index) => `${index}`)
    let before: readonly string[] = []
    for (const percent of [0, 10, 30, 100]) {
      split.setRules([{ path: '/*', version: 'new', percent }])
      const now = keys.filter((key) => split.choose({ path: '/a', key }) === 'new')
      expect(before.filter((key) => !now.includes(key))).toEqual([])
      expect(Math.abs(now.length - percent * 5)).toBeLessThan(60)
      before = now
    }
  })

  it('whose condition throws do not hold', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const when = () => {
      throw new Error('bug')
    }
    expect(legacyAndNew([{ when, version: 'new' }]).choose({ path: '/a' })).toBe('legacy')
    expect(warn).toHaveBeenCalledOnce()
  })

  it('whose condition is async do not hold, and say so once', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const late = async () => {
      throw new Error('late')
    }
    const split = legacyAndNew([{ version: 'new', when: late as never }])
    expect([split.choose({ path: '/' }), split.choose({ path: '/' })]).toEqual(['legacy', 'legacy'])
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]?.[0]).toContain('when of a traffic rule threw: TypeError: it gave a promise')
    warn.mockRestore()
  })

  it('ask for a value of a header that has none', () => {
    const split = legacyAndNew([{ version: 'new', headers: { 'x-tester': true } }])
    expect(split.choose({ headers: { 'x-tester': [] } })).toBe('legacy')
  })
})

describe('stickiness', () => {
  const weights = { a: 1, b: 1 }

  it('comes from a header, a function or the key of the call', () => {
    const byHeader = trafficSplit({ weights, stickyBy: 'X-User' })
    const byFunction = trafficSplit({ weights, stickyBy: ({ input }) => (input as { user: string }).user })
    const plain = trafficSplit({ weights })
    for (let user = 0; user < 50; user++) {
      const version = plain.choose({ key: `u${user}` })
      expect(byHeader.choose({ headers: { 'x-user': `u${user}` } })).toBe(version)
      expect(byFunction.choose({ input: { user: `u${user}` } })).toBe(version)
      expect(byHeader.choose({ headers: { 'x-user': 'other' }, key: `u${user}` })).toBe(version)
    }
  })

  it('differs between splits of different names', () => {
    const one = trafficSplit({ weights, name: 'orders' })
    const other = trafficSplit({ weights, name: 'carts' })
    const keys = Array.from({ length: 200 }, (_, index) => `${index}`)
    const same = keys.filter((key) => one.choose({ key }) === other.choose({ key })).length
    expect(same).toBeGreaterThan(60)
    expect(same).toBeLessThan(140)
  })

  it('is left to chance without a key, or where the function throws', () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const draws = [0.1, 0.9]
    const random = () => draws.shift() ?? 0
    const fails = () => {
      throw new Error('bug')
    }
    const split = trafficSplit({ weights, stickyBy: fails, random })
    expect([split.choose({}), split.choose({})]).toEqual(['a', 'b'])
  })

  it.each([
    ['a promise', Promise.resolve('ann')],
    ['an object', { id: 'ann' }],
    ['an object that is no text', Object.create(null)],
    ['a symbol', Symbol('ann')],
  ])('is left to chance where the key is %s, and says so once', (_, key) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const options = { weights: { a: 1, b: 1 }, random: seededRandom(1) }
    const given = trafficSplit(options)
    const made = trafficSplit({ ...options, stickyBy: () => key })
    for (const choose of [() => given.choose({ key }), () => made.choose({})]) {
      const chosen = new Set(Array.from({ length: 50 }, choose))
      expect([...chosen].sort()).toEqual(['a', 'b'])
    }
    expect(warn).toHaveBeenCalledTimes(2)
    expect(warn.mock.calls[0]?.[0]).toContain('which is no key')
    warn.mockRestore()
  })

  it('takes numbers for keys, 0 as well', () => {
    const split = trafficSplit({ weights: { a: 1, b: 1 } })
    for (const key of [0, 7, 7n, false]) {
      const chosen = Array.from({ length: 20 }, () => split.choose({ key: key as never }))
      expect(new Set(chosen)).toEqual(new Set([split.choose({ key: String(key) })]))
    }
  })
})

describe('weights', () => {
  it('change at run time, and back', () => {
    const split = trafficSplit({ weights: { blue: 1, green: 0 } })
    const events: unknown[] = []
    split.on('shifted', (event) => events.push(event))
    split.switchTo('green')
    expect(split.choose()).toBe('green')
    expect(split.rollback()).toBe(true)
    expect(split.choose()).toBe('blue')
    expect(split.rollback()).toBe(false)
    split.setWeights({ blue: 3, green: 1 })
    expect(events).toMatchObject([
      {
        split: 'traffic',
        cause: 'switchTo',
        weights: { blue: 0, green: 100 },
        before: { blue: 1, green: 0 },
      },
      { cause: 'rollback', weights: { blue: 1, green: 0 } },
      { cause: 'setWeights', weights: { blue: 3, green: 1 } },
    ])
    expect(split.stats().versions).toMatchObject({ blue: { weight: 3, share: 0.75 }, green: { share: 0.25 } })
  })

  it('count what was decided and reported', () => {
    using split = trafficSplit({ weights: { blue: 1, green: 0 } })
    split.choose()
    split.report(split.decide(), { ok: true, tookMs: 1 })
    split.report('blue', { ok: false })
    expect(split.stats().versions.blue).toMatchObject({ decided: 2, ok: 1, failed: 1 })
  })

  it('are drawn to the last one by what chance should not give', () => {
    const split = trafficSplit({ weights: { a: 0.1, b: 0.2, c: 0 }, random: () => 1 })
    expect(split.choose()).toBe('b')
    expect(split.choose(null as never)).toBe('b')
  })
})

describe('misuse of a split', () => {
  const split = trafficSplit({ weights: { stable: 95, canary: 5 } })

  it('is told all at once when it is made', () => {
    const options = {
      weights: { stable: -1, 'a b': 1, canary: Number.NaN },
      rules: [
        { version: 'grey', path: 'orders' },
        { version: 'stable' },
        { version: 'stable', method: [], headers: {}, when: 1, percent: 101 },
        null,
        { version: 'stable', path: '/orders*', paths: 1 },
      ],
      stickyBy: '',
      name: 1,
      failureStatuses: [500, 'x'],
      random: 4,
      weight: {},
    }
    expect(problemsOf(() => trafficSplit(options as never))).toEqual([
      "weight: is not an option; did you mean 'weights'?",
      "weights.a b: is no name for a version: 1 to 64 letters, digits, '.', '_' and '-'",
      'weights.stable: must be a number from 0 to 1000000, not -1',
      'weights.canary: must be a number from 0 to 1000000, not NaN',
      "rules.0.version: is no version: 'grey'; they are stable, a b, canary",
      "rules.0.path: must be a path like '/orders/{id}' or '/orders/*', not 'orders'",
      'rules.1: needs a condition: path, method, operation, headers, when; what holds for every call is a weight',
      'rules.2.method: must be a name or a list of names, not []',
      'rules.2.headers: names no header; name one, or leave it out',
      'rules.2.when: must be a function, not 1',
      'rules.2.percent: must be a number from 0 to 100, not 101',
      'rules.3: must be a rule, not null',
      "rules.4.paths: is not an option; did you mean 'path'?",
      "rules.4.path: has a * within a segment; write '/*' at the end, not '/orders*'",
      "stickyBy: must be the name of a header or a function, not ''",
      'name: must be a name, not 1',
      'failureStatuses.0: must be a whole number from 400 to 499, not 500',
      "failureStatuses.1: must be a whole number from 400 to 499, not 'x'",
      'random: must be a function, not 4',
    ])
  })

  it.each<[string, unknown, string]>([
    ['nothing', undefined, ': must be an object of options, not null'],
    ['no weights', {}, 'weights: must be an object with a number for each version, not undefined'],
    ['no version', { weights: {} }, 'weights: names no version; name those that calls are shared between'],
    [
      'weights of zero',
      { weights: { a: 0, b: 0 } },
      'weights: sum to zero, so that no call could go anywhere; give one version more',
    ],
    ['rules that are none', { weights: { a: 1 }, rules: {} }, 'rules: must be a list of rules, not {}'],
  ])('is refused: %s', (_, options, problem) => {
    expect(problemsOf(() => trafficSplit(options as never))).toEqual([problem])
  })

  it('leaves the weights as they were', () => {
    expect(problemsOf(() => split.setWeights({ canry: 1, canary: 101, stable: 'x' } as never))).toEqual([
      'canry: is no version; they are stable, canary',
      "stable: must be a number from 0 to 1000000, not 'x'",
    ])
    expect(problemsOf(() => split.setWeights({ canary: 0 } as never))).toEqual([
      'stable: is missing; every version has a weight, 0 for no calls',
      ': sum to zero, so that no call could go anywhere; give one version more',
    ])
    expect(problemsOf(() => split.switchTo('blue' as never))).toEqual([
      "version: is no version: 'blue'; they are stable, canary",
    ])
    expect(problemsOf(() => split.setRules([{ version: 'blue' }] as never))).toHaveLength(2)
    expect(problemsOf(() => split.report('blue' as never, { ok: true }))).toHaveLength(1)
    expect(problemsOf(() => split.on('shift' as never, 1 as never))).toEqual([
      'shift: is not an event; they are shifted, canaryStep, canaryPromoted, canaryRolledBack, canaryStopped',
      'listener: must be a function, not 1',
    ])
    expect(split.weights).toEqual({ stable: 95, canary: 5 })
  })

  it('is told all at once when a canary starts', () => {
    const options = {
      steps: [50, 5, '6', 120],
      stepMs: 0,
      intervalMs: 'x',
      warmUpMs: -1,
      minSamples: 0,
      maxErrorRateIncrease: 2,
      maxLatencyRatio: 0.5,
      latencyQuantile: 1,
      minLatencyIncreaseMs: -1,
      baseline: 'canary',
      step: 1,
    }
    const paths = problemsOf(() => split.startCanary('canary', options as never)).map(
      (line) => line.split(':')[0],
    )
    expect(paths).toEqual(['step', 'steps.1', 'steps.2', 'steps.3', ...Object.keys(options).slice(1, -1)])
    expect(split.weights).toEqual({ stable: 95, canary: 5 })
  })

  it.each<[string, string, unknown, string]>([
    ['an unknown version', 'blue', {}, "version: is no version: 'blue'; they are stable, canary"],
    [
      'steps that do not rise',
      'canary',
      { steps: [5, 5, 100] },
      'steps.1: does not rise: 5 comes after 5; each step is above the last',
    ],
    [
      'steps that do not end',
      'canary',
      { steps: [5, 50] },
      'steps: must end with 100: a canary gets all calls at last; for a lasting share use setWeights()',
    ],
    [
      'a single step',
      'canary',
      { steps: [100] },
      'steps: needs a step below 100, where the canary is compared with its baseline; add one',
    ],
    ['no steps', 'canary', { steps: [] }, 'steps: must be a list of percents such as [5, 50, 100], not []'],
    [
      'no look within a step',
      'canary',
      { stepMs: 100, intervalMs: 200 },
      'intervalMs: contradicts stepMs: a step would be over before (200 against 100); lower it',
    ],
    [
      'a warm-up as long as the step',
      'canary',
      { warmUpMs: 60_000 },
      'warmUpMs: contradicts stepMs: a step would be over before (60000 against 60000); lower it',
    ],
    [
      'an unknown baseline',
      'canary',
      { baseline: 'blue' },
      "baseline: is no version that gets calls: 'blue'; they are stable",
    ],
    ['options that are none', 'canary', [], ': must be an object of options, not []'],
  ])('refuses a canary with %s', (_, version, options, problem) => {
    expect(problemsOf(() => split.startCanary(version as never, options as never))).toEqual([problem])
  })

  it('refuses a canary that has everything, a second one, and one of a closed split', () => {
    const all = trafficSplit({ weights: { stable: 0, canary: 1 } })
    expect(problemsOf(() => all.startCanary('canary'))).toEqual([
      "version: 'canary' has all of the calls already; there is nothing to compare it with",
    ])
    using running = trafficSplit({ weights: { stable: 1, canary: 0, next: 0 } })
    running.startCanary('canary')
    expect(problemsOf(() => running.startCanary('next'))).toEqual([
      "version: 'canary' is a canary on its way; wait for it, or call rollback() first",
    ])
    running.close()
    expect(problemsOf(() => running.startCanary('next'))).toEqual([': the split is closed; make a new one'])
  })
})
