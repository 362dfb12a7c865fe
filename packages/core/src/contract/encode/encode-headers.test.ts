import { validateHeaderName, validateHeaderValue } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Problem } from '../../foundation/errors/index.js'
import { headerNameProblem } from '../describe/header-name.js'
import { setHeader } from './encode-headers.js'

function set(value: unknown): { text: string | undefined; problems: Problem[] } {
  const headers: Record<string, string> = {}
  const problems: Problem[] = []
  setHeader(headers, 'x-field', 'field', value, problems)
  return { text: headers['x-field'], problems }
}

const accepts = (check: () => void): boolean => {
  try {
    check()
    return true
  } catch {
    return false
  }
}

describe('a header value', () => {
  it.each([
    ['"abc"', '"abc"'],
    [7, '7'],
    [false, 'false'],
    [['a', 1], 'a, 1'],
    ['\u00e9\t', '\u00e9\t'],
    [new Date(784111777000), 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['', ''],
    [undefined, undefined],
    [null, undefined],
  ])('writes %j', (value, text) => {
    expect(set(value)).toEqual({ text, problems: [] })
  })

  it.each([
    'a\r\nb: c',
    'a\nb',
    'a\rb',
    'a\0b',
    '\x7f',
    '\u0100',
    '😀',
    ['ok', 'a\nb'],
    {},
    [{}],
    Number.NaN,
    [null],
  ])('refuses %j', (value) => {
    expect(set(value)).toMatchObject({ text: undefined, problems: [{ path: 'field' }] })
  })

  it('is refused whenever Node would refuse it, and otherwise arrives as it was', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.nat(0x17f).map((code) => String.fromCharCode(code)) }),
    )
    fc.assert(
      fc.property(value, (given) => {
        const { text, problems } = set(given)
        const valid = accepts(() => validateHeaderValue('x-field', given))
        expect(problems.length === 0).toBe(valid)
        if (text !== undefined)
          expect(new Headers({ 'x-field': text }).get('x-field')).toBe(text.replace(/^[\t ]+|[\t ]+$/g, ''))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a header name', () => {
  it('is refused whenever Node would refuse it', () => {
    const name = fc.string({ unit: fc.nat(0xff).map((code) => String.fromCharCode(code)), maxLength: 4 })
    fc.assert(
      fc.property(name, (given) => {
        if (!accepts(() => validateHeaderName(given))) expect(headerNameProblem(given)).toBeDefined()
      }),
      { numRuns: 2000 },
    )
    expect(headerNameProblem('If-Match')).toBeUndefined()
  })

  it.each(['Host', 'CONNECTION', 'te', 'keep-alive', '__proto__', 'constructor', 7])('refuses %j', (name) => {
    expect(headerNameProblem(name)).toBeDefined()
  })
})
