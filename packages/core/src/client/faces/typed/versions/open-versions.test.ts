import { describe, expect, it } from 'vitest'
import { orders } from '../../../../../test/fixtures/orders.js'
import { ConfigInvalidError } from '../../../../foundation/errors/index.js'
import { retryBudget } from '../../../../policies/index.js'
import { trafficSplit } from '../../../../upstream/traffic/index.js'
import { createClient } from '../create-client.js'

const here = { baseUrl: 'http://127.0.0.1:9' }
const versions = { stable: here, canary: here }
const traffic = { weights: { stable: 1, canary: 0 } }

function problemsOf(options: object): readonly string[] {
  try {
    void createClient(orders, options as never).$close()
  } catch (error) {
    if (error instanceof ConfigInvalidError)
      return error.problems.map(({ path, message }) => `${path}: ${message}`)
    throw error
  }
  return []
}

describe('options of a client of several versions', () => {
  it('are refused with everything that is wrong with them', () => {
    const options = {
      baseUrl: 'http://127.0.0.1:9',
      endpoints: ['http://127.0.0.1:9'],
      balancing: {},
      rateLimit: { limit: 1, intervalMs: 1 },
      retryBudget: retryBudget(),
      timeoutMs: -1,
      timeout: 1,
      versions: {
        stable: { baseUrl: 'ftp://x', header: {} },
        canary: { ...here, headers: { 'a b': 'c' } },
        blue: {},
        green: 1,
      },
      traffic: { weights: { stable: 0, canary: 0 }, rules: 1 },
    }
    expect(problemsOf(options)).toEqual([
      'baseUrl: contradicts versions: each version has its own place; move it there',
      'endpoints: contradicts versions: each version has its own place; move it there',
      'balancing: contradicts versions: each version has its own place; move it there',
      'rateLimit: contradicts versions: each would count up to the whole quota; give each version its part of the quota there',
      'retryBudget: contradicts versions: a bad one would use up the budget of the others; give the options of a budget, and each version has its own',
      'traffic.weights: sum to zero, so that no call could go anywhere; give one version more',
      'traffic.rules: must be a list of rules, not 1',
      "versions.stable.header: is not an option; did you mean 'headers'?",
      'versions.green: must be an object of options, not 1',
      expect.stringMatching(/^timeout: is not an option/),
      expect.stringMatching(/^versions\.stable\.baseUrl: must be an http: or https: URL/),
      expect.stringMatching(/^timeoutMs: must be/),
      expect.stringMatching(/^versions\.canary\.headers\.a b: is no valid header name/),
      expect.stringMatching(/^versions\.blue\.baseUrl: is missing/),
    ])
  })

  it.each<[string, object, readonly string[]]>([
    [
      'versions without traffic',
      { versions },
      ['traffic: is missing; say how calls are shared, such as { weights: { stable: 100, canary: 0 } }'],
    ],
    [
      'traffic without versions',
      { ...here, traffic },
      ['traffic: has no effect without versions; give both or neither'],
    ],
    [
      'no version',
      { versions: {}, traffic },
      [
        'versions: names no version; name those that calls are shared between',
        'traffic.weights.stable: is no version of this client; they are ',
        'traffic.weights.canary: is no version of this client; they are ',
      ],
    ],
    [
      'a list',
      { versions: [], traffic: 1 },
      [
        'versions: must be an object with the place of each version, not []',
        'traffic: must be an object of options, not 1',
      ],
    ],
    [
      'other names in weights',
      { versions, traffic: { weights: { stable: 1, canry: 0 } } },
      [
        'versions.canary: has no weight in traffic; give it one, 0 for no calls',
        'traffic.weights.canry: is no version of this client; they are stable, canary',
      ],
    ],
    [
      'other names in a split',
      { versions: { stable: here }, traffic: trafficSplit(traffic) },
      ['traffic.weights.canary: is no version of this client; they are stable'],
    ],
    [
      'what all versions share, once',
      { versions, traffic, timeoutMs: 0 },
      ['timeoutMs: must be more than 0 and at most 2147483647 milliseconds, not 0'],
    ],
  ])('refuse %s', (_, options, problems) => {
    const found = problemsOf(options)
    for (const problem of problems)
      expect(found).toContainEqual(expect.stringContaining(problem.slice(0, 60)))
    expect(found).toHaveLength(problems.length)
  })

  it('leave nothing open when they are wrong', async () => {
    const before = process.getActiveResourcesInfo().length
    let watches = 0
    const resolver = {
      watch() {
        watches++
        return { close: () => void watches-- }
      },
    }
    const wrong = { stable: { endpoints: resolver }, canary: { baseUrl: 'nowhere' } }
    expect(problemsOf({ versions: wrong, traffic })).toHaveLength(1)
    await new Promise(setImmediate)
    expect(watches).toBe(0)
    expect(process.getActiveResourcesInfo().length).toBe(before)
  })

  it('need a contract as always', () => {
    expect(() => createClient({} as never, { versions, traffic } as never)).toThrow(/is not a contract/)
  })
})
