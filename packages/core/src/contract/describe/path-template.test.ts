import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Problem } from '../../foundation/errors/index.js'
import { encodePath, type PathTemplate, parsePath } from './path-template.js'

function template(path: string): PathTemplate {
  return parsePath(path, (message) => {
    throw new Error(message)
  })
}

function encode(path: string, fields: Record<string, unknown>): { path: string; problems: Problem[] } {
  const problems: Problem[] = []
  return { path: encodePath(template(path), fields, problems), problems }
}

describe('a path', () => {
  it.each([
    ['../admin?x=1', '/orders/..%2Fadmin%3Fx%3D1/items'],
    ['a/b', '/orders/a%2Fb/items'],
    ['a\\b', '/orders/a%5Cb/items'],
    ['%2e%2e', '/orders/%252e%252e/items'],
    ['%2f', '/orders/%252f/items'],
    ['#frag', '/orders/%23frag/items'],
    ['\r\nx: y', '/orders/%0D%0Ax%3A%20y/items'],
    ['\0', '/orders/%00/items'],
    ['...', '/orders/.../items'],
    ['é', '/orders/%C3%A9/items'],
    [42, '/orders/42/items'],
    [42n, '/orders/42/items'],
    [true, '/orders/true/items'],
    [new Date(0), '/orders/1970-01-01T00%3A00%3A00.000Z/items'],
  ])('encodes %s', (id, path) => {
    expect(encode('/orders/{id}/items', { id })).toEqual({ path, problems: [] })
  })

  it.each(['', '.', '..', undefined, null, Number.NaN, {}, [], ['a'], new Date(Number.NaN), '\ud800'])(
    'refuses %s',
    (id) => {
      expect(encode('/orders/{id}', { id }).problems).toMatchObject([{ path: 'id' }])
    },
  )

  it('refuses dots that only together make a segment', () => {
    expect(encode('/{a}{b}/x', { a: '.', b: '.' }).problems).toMatchObject([{ path: 'a, b' }])
    expect(encode('/.{a}', { a: '.' }).problems).toMatchObject([{ path: 'a' }])
    expect(encode('/v{a}', { a: '.' })).toEqual({ path: '/v.', problems: [] })
  })

  it('names every field at fault', () => {
    expect(encode('/{a}/{b}', { b: '' }).problems.map(({ path }) => path)).toEqual(['a', 'b'])
  })

  it('does not read fields of a prototype', () => {
    expect(encode('/{constructor}', {}).problems).toMatchObject([{ path: 'constructor' }])
  })

  it('keeps its route and gives back the value, whatever that is', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('.', '/', '%', '2', 'e', 'f', '\\', '?', '#', ';', ' ') }),
    )
    fc.assert(
      fc.property(value, value, (first, second) => {
        const { path, problems } = encode('/a/{first}/b-{second}', { first, second })
        if (problems.length > 0) {
          expect(['', '.', '..'].some((text) => first === text || second === text)).toBe(true)
          return
        }
        const url = new URL(path, 'http://host.test')
        expect([url.host, url.search, url.hash]).toEqual(['host.test', '', ''])
        const segments = url.pathname.split('/')
        expect(segments.map(decodeURIComponent)).toEqual(['', 'a', first, `b-${second}`])
      }),
      { numRuns: 2000 },
    )
  })
})
