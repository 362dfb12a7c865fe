import { describe, expect, it, vi } from 'vitest'
import { OptionCheck } from '../../foundation/config/index.js'
import { ConfigInvalidError } from '../../foundation/errors/index.js'
import { type BalancingOptions, checkBalancing } from './balancing-options.js'
import type { EndpointInput } from './endpoint.js'
import { staticEndpoints } from './static-endpoints.js'

function problemsOf(run: () => unknown): string[] {
  try {
    run()
    return []
  } catch (error) {
    if (!(error instanceof ConfigInvalidError)) throw error
    return error.problems.map(({ path, message }) => `${path} ${message}`)
  }
}

describe('staticEndpoints', () => {
  it('tells each watcher of its list, and of the one that replaces it', () => {
    const endpoints = staticEndpoints(['http://a:1'])
    const [first, second] = [vi.fn(), vi.fn()]
    const watch = endpoints.watch({ update: first, error: vi.fn() })
    endpoints.watch({ update: second, error: vi.fn() })
    endpoints.replace([{ url: 'http://b:1', weight: 2 }])
    watch.close()
    endpoints.replace(['http://c:1'])
    expect(first.mock.calls).toEqual([[['http://a:1']], [[{ url: 'http://b:1', weight: 2 }]]])
    expect(second).toHaveBeenCalledTimes(3)
  })

  it('keeps the old list when the new one is wrong', () => {
    const endpoints = staticEndpoints(['http://a:1'])
    expect(() => endpoints.replace([])).toThrow('is empty')
    const update = vi.fn()
    endpoints.watch({ update, error: vi.fn() })
    expect(update).toHaveBeenCalledWith(['http://a:1'])
  })

  it('says everything that is wrong at once', () => {
    const wrong = [
      'orders:3000',
      { url: 'http://me:secret@a:1/?q=1' },
      { url: 'http://b:1', weight: -1, zone: '', zonne: 'x' },
      {},
      7,
    ] as unknown as EndpointInput[]
    expect(problemsOf(() => staticEndpoints(wrong))).toEqual([
      "0 must be an http: or https: URL, not 'orders:3000'",
      '1.url must not carry a user name or password; send an authorization header instead',
      '1.url must not have a query or a fragment; they belong to the operations',
      "2.zonne is not an option; did you mean 'zone'?",
      '2.weight must be a number of at least 0, not -1',
      "2.zone must be a text that is not empty, not ''",
      "3.url is missing; say where the endpoint is, such as 'http://orders-1:3000'",
      '4 must be a URL or { url, weight, zone, id }, not 7',
    ])
  })

  it('refuses the same endpoint twice, however it is written', () => {
    const twice = [
      'http://a:80/v1',
      'http://b:1',
      { url: 'http://A/v1/' },
      { url: 'http://a/v1', id: 'other' },
    ]
    expect(problemsOf(() => staticEndpoints(twice))).toEqual([
      "2 is 'http://a/v1', which 0 is too; leave one of them out, or give each an id",
    ])
  })
})

describe('checkBalancing', () => {
  const problems = (options: unknown): string[] =>
    problemsOf(() => {
      const check = new OptionCheck('test')
      checkBalancing(check, 'balancing', options)
      check.done()
    })

  it.each([undefined, {}, { ejection: false }, { algorithm: 'roundRobin', zone: 'a', maxEndpoints: 1 }])(
    'takes %j',
    (options) => {
      expect(problems(options)).toEqual([])
    },
  )

  it('says everything that is wrong at once', () => {
    const wrong: Record<keyof BalancingOptions, unknown> = {
      algorithm: 'random',
      zone: '',
      ejection: { baseEjectionMs: 5_000, maxEjectionMs: 1_000, consecutiveFailures: 0, minimumcalls: 1 },
      maxEndpoints: 0,
      allowEmpty: 'yes',
    }
    expect(problems(wrong).map((problem) => problem.split(' ')[0])).toEqual([
      'balancing.algorithm',
      'balancing.zone',
      'balancing.maxEndpoints',
      'balancing.allowEmpty',
      'balancing.ejection.minimumcalls',
      'balancing.ejection.consecutiveFailures',
      'balancing.ejection.baseEjectionMs',
    ])
  })
})
