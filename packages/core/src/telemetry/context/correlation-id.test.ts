import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { correlationIdOf, isCorrelationId } from './correlation-id.js'

describe('a correlation id', () => {
  it.each(['12345678', 'order-4711_paid.v2', 'A'.repeat(128)])('may be %s', (id) => {
    expect(correlationIdOf(id)).toBe(id)
  })

  it.each([
    ['too short', '1234567'],
    ['too long', 'A'.repeat(129)],
    ['a line break', 'order-4711\r\nset-cookie: a=b'],
    ['a line break at its end', 'order-4711\n'],
    ['NUL', 'order-4711\0'],
    ['what is not ASCII', 'bestellung-ä'],
    ['two joined headers', 'order-4711, order-4712'],
    ['no string', 4711],
    ['a list', ['order-4711']],
  ])('with %s is replaced', (_, id) => {
    expect(correlationIdOf(id)).toMatch(/^[\da-f-]{36}$/)
  })

  it('is the first that is well-formed', () => {
    expect(correlationIdOf('bad', 'order-4711', 'order-4712')).toBe('order-4711')
  })

  it('never carries anything that a header or a log could trip over', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(isCorrelationId(text)).toBe(/^[A-Za-z0-9._-]{8,128}$/.test(text) && !/\s/.test(text))
      }),
    )
  })
})
