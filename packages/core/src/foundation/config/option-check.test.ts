import { describe, expect, it } from 'vitest'
import { ConfigInvalidError } from '../errors/index.js'
import { OptionCheck, show, showUrl } from './option-check.js'

/** What `run` finds, as `path: message`. */
function found(run: (check: OptionCheck) => unknown): string[] {
  const check = new OptionCheck('thing()')
  run(check)
  try {
    check.done()
    return []
  } catch (error) {
    return (error as ConfigInvalidError).problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

describe('OptionCheck', () => {
  it('throws nothing when nothing is wrong', () => {
    expect(
      found((check) => {
        check.object('', { a: 1 }, ['a'])
        check.number('a', 1)
        check.milliseconds('b', 0.5)
        check.boolean('c', false)
        check.function('d', () => {})
        check.oneOf('e', 'x', ['x'])
        for (const kind of ['number', 'milliseconds', 'boolean', 'function'] as const)
          check[kind]('f', undefined)
        check.oneOf('f', undefined, [])
      }),
    ).toEqual([])
  })

  it('says everything at once, with the subject first', () => {
    const check = new OptionCheck('thing()')
    check.boolean('a', 'yes')
    check.function('b', null)
    check.oneOf('c', 3, ['x', 'y'])
    expect(() => check.done()).toThrow(ConfigInvalidError)
    expect(() => check.done()).toThrow(
      "thing(): a: must be true or false, not 'yes'; b: must be a function, not null; c: must be one of 'x', 'y', not 3",
    )
  })

  it.each([
    ['TIMEOUTMS', "is not an option; did you mean 'timeoutMs'?"],
    ['timeouts', "is not an option; did you mean 'timeoutMs'?"],
    ['retrys', "is not an option; did you mean 'retry'?"],
    ['verbose', 'is not an option; the options are timeoutMs, retry'],
  ])('refuses the key %s', (key, message) => {
    expect(found((check) => check.object('', { [key]: 1 }, ['timeoutMs', 'retry']))).toEqual([
      `${key}: ${message}`,
    ])
    expect(found((check) => check.object('at', { [key]: 1 }, ['timeoutMs', 'retry']))).toEqual([
      `at.${key}: ${message}`,
    ])
  })

  it.each([null, 1, 'x', [], () => {}])('refuses %o as options', (value) => {
    expect(found((check) => check.object('x', value, []))).toEqual([
      `x: must be an object of options, not ${show(value)}`,
    ])
  })

  it.each([
    [{}, Number.NaN, 'a number'],
    [{}, Number.POSITIVE_INFINITY, 'a number'],
    [{}, '1', 'a number'],
    [{ min: 1 }, 0, 'a number of at least 1'],
    [{ max: 1 }, 2, 'a number of at most 1'],
    [{ min: 0, exclusive: true }, 0, 'a number above 0'],
    [{ min: 0, max: 1 }, 2, 'a number from 0 to 1'],
    [{ min: 0, max: 1, exclusive: true }, 0, 'a number above 0 and at most 1'],
    [{ integer: true }, 1.5, 'a whole number'],
    [{ min: 1, max: 9, integer: true }, 0, 'a whole number from 1 to 9'],
  ])('takes a number within %o only, not %o', (range, value, expected) => {
    expect(found((check) => check.number('n', value, range))).toEqual([
      `n: must be ${expected}, not ${show(value)}`,
    ])
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5'])('takes no duration of %o', (value) => {
    expect(found((check) => check.milliseconds('ms', value))).toEqual([
      `ms: must be more than 0 and at most 2147483647 milliseconds, not ${show(value)}`,
    ])
  })

  it('takes a duration of 0 where that is said', () => {
    expect(found((check) => check.milliseconds('ms', 0, { min: 0, exclusive: false }))).toEqual([])
    expect(found((check) => check.milliseconds('ms', -1, { min: 0, exclusive: false }))).toEqual([
      'ms: must be at least 0 and at most 2147483647 milliseconds, not -1',
    ])
  })

  it('puts what another check found below a path', () => {
    const nested = () => {
      throw new ConfigInvalidError('retry()', [
        { path: 'maxAttempts', message: 'is wrong' },
        { path: '', message: 'is empty' },
      ])
    }
    expect(found((check) => check.nest('retry', nested))).toEqual([
      'retry.maxAttempts: is wrong',
      'retry: is empty',
    ])
    expect(found((check) => check.nest('retry', () => {}))).toEqual([])
    const bug = new TypeError('bug')
    expect(() =>
      found((check) =>
        check.nest('retry', () => {
          throw bug
        }),
      ),
    ).toThrow(bug)
  })
})

describe('show', () => {
  it.each<[unknown, string]>([
    ['text', "'text'"],
    ['two\nlines', "'two\\nlines'"],
    [[1, 2, 3, 4, 5, 6, 7], '[ 1, 2, 3, 4, 5, 6, 7 ]'],
    [{ a: { b: 1 } }, '{ a: [Object] }'],
    [new Error('down'), 'Error: down'],
    [Object.create(null), '[Object: null prototype] {}'],
    [Symbol('s'), 'Symbol(s)'],
  ])('puts %o on one line', (value, expected) => {
    expect(show(value)).toBe(expected)
  })

  it('is short', () => {
    expect(show('x'.repeat(1_000)).length).toBeLessThanOrEqual(100)
    expect(show(Array(100).fill(1_234_567)).length).toBe(80)
  })
})

it.each([
  ['htps://user:s3cret@orders:3000', "'htps://***@orders:3000'"],
  ['user:s3cret@orders', "'***@orders'"],
  ['http://user:p@/s3cret@:1x/a', "'http://***@:1x/a'"],
  ['htps://orders/a?token=s3cret', "'htps://orders/a?***'"],
  ['htps://orders/#s3cret', "'htps://orders/#***'"],
  [new URL('ftp://user:s3cret@orders'), "'ftp://***@orders/'"],
  ['htps://orders', "'htps://orders'"],
  [5, '5'],
])('shows the URL %s as %s', (url, shown) => {
  expect(showUrl(url)).toBe(shown)
})
