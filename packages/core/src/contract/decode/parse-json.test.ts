import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseJson } from './parse-json.js'

/** Merges as naive code does: the setter of `__proto__` is called, and `constructor` is followed. */
function merge(target: Record<string, unknown>, source: Record<string, unknown>): Record<string, unknown> {
  for (const key in source) {
    const value = source[key]
    if (typeof value === 'object' && value !== null) {
      target[key] ??= {}
      merge(target[key] as Record<string, unknown>, value as Record<string, unknown>)
    } else target[key] = value
  }
  return target
}

it.each([
  '{"__proto__":{"polluted":true}}',
  '{"a":[{"b":{"__proto__":{"polluted":true}}}]}',
  '{"\\u005f_proto__":{"polluted":true}}',
  '{"_\\u005Fpr\\u006ft\\u006F__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"c\\u006fnstructor":{"prototype":{"polluted":true}}}',
  '[{"__proto__":{"__proto__":{"polluted":true}}}]',
])('nothing in %s reaches a prototype', (text) => {
  const value = parseJson(text) as Record<string, unknown>
  merge({}, value)
  Object.assign({}, value)
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  expect(JSON.stringify(value)).not.toContain('polluted')
})

it('keeps a harmless constructor, and text that only mentions one', () => {
  const value = {
    constructor: 'Ferrari',
    nested: { constructor: { name: 'x' } },
    text: '__proto__',
    own: '\u0007',
  }
  expect(parseJson(JSON.stringify(value))).toEqual(value)
})

it('copes with nesting that would overflow a recursive walk', () => {
  const depth = 20_000
  const text = `${'{"a":'.repeat(depth)}{"__proto__":1}${'}'.repeat(depth)}`
  expect(() => parseJson(text)).not.toThrow()
})

it('otherwise parses as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      fc.pre(!text.includes('__proto__'))
      expect(parseJson(text)).toEqual(JSON.parse(text))
    }),
  )
  expect(() => parseJson('{')).toThrow(SyntaxError)
})
