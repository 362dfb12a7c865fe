import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Problem } from '../../foundation/errors/index.js'
import { appendQuery } from './encode-query.js'

function encode(fields: Record<string, unknown>): { query: string; problems: Problem[] } {
  const problems: Problem[] = []
  let query = ''
  for (const [name, value] of Object.entries(fields)) query = appendQuery(query, name, value, problems)
  return { query, problems }
}

it.each([
  [{ a: 'x y&z=1', b: 2 }, 'a=x%20y%26z%3D1&b=2'],
  [{ a: ['1', '2'], b: [] }, 'a=1&a=2'],
  [{ a: undefined, b: null, c: '' }, 'c='],
  [
    { a: true, b: 10n ** 20n, c: new Date(0) },
    'a=true&b=100000000000000000000&c=1970-01-01T00%3A00%3A00.000Z',
  ],
  [{ 'a[b]': '+' }, 'a%5Bb%5D=%2B'],
])('writes %s', (fields, query) => {
  expect(encode(fields)).toEqual({ query, problems: [] })
})

it.each([
  { x: 1 },
  Number.NaN,
  Number.POSITIVE_INFINITY,
  new Map(),
  () => 1,
  Symbol('s'),
  new Date(Number.NaN),
  '\udc00',
])('refuses %s', (value) => {
  expect(encode({ ok: 1, value }).problems).toMatchObject([{ path: 'value' }])
  expect(encode({ list: [1, value] }).problems).toMatchObject([{ path: 'list.1' }])
})

it.each([undefined, null, [1]])('refuses %s within a list, which would change the list', (value) => {
  expect(encode({ list: [value] }).problems).toMatchObject([{ path: 'list.0' }])
})

it('is read back as it was by URLSearchParams', () => {
  const text = fc.string({ unit: 'binary' })
  const fields = fc.dictionary(text, fc.oneof(text, fc.array(text)), { maxKeys: 6 })
  fc.assert(
    fc.property(fields, (given) => {
      const { query, problems } = encode(given)
      expect(problems).toEqual([])
      const pairs = Object.entries(given).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))
      expect([...new URL(`http://host.test/?${query}`).searchParams]).toEqual(pairs)
    }),
    { numRuns: 1000 },
  )
})
