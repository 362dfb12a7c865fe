import { describe, expect, it } from 'vitest'
import { OptionCheck } from '../../foundation/config/index.js'
import { checkPropagation, type Propagation, propagatesTo } from './propagation.js'

const own = 'http://orders:3000'

describe('the hosts that receive what a request carries on', () => {
  it.each<[string, Propagation | undefined, boolean]>([
    ['http://orders:3000', undefined, true],
    ['http://payments:3000', undefined, false],
    ['http://orders:3000', false, false],
    ['http://anything', true, true],
    ['', true, true],
    ['', ['orders'], false],
    ['http://orders:3000', ['orders'], true],
    ['http://orders:3000', ['ORDERS:3000'], true],
    ['http://orders:3001', ['orders:3000'], false],
    ['http://orders', ['orders:80'], true],
    ['https://orders', ['orders:443'], true],
    ['https://a.internal', ['*.internal'], true],
    ['https://a.b.internal:8080', ['*.internal:8080'], true],
    ['https://internal', ['*.internal'], false],
    ['https://evil-internal', ['*.internal'], false],
    ['https://orders.evil.com', ['orders'], false],
    ['http://[::1]:3000', ['[::1]'], true],
    ['http://orders:3000', [], false],
  ])('%s with %j: %s', (origin, propagate, expected) => {
    expect(propagatesTo(origin, propagate, own)).toBe(expected)
  })

  it('are refused where they are none', () => {
    const check = new OptionCheck('test')
    checkPropagation(check, ['orders', '*', 'http://orders', 7, 'orders/path', 'a.*.b'])
    checkPropagation(check, 'orders')
    expect(() => check.done()).toThrow(
      /propagate\.1: is no host; give[\s\S]*propagate\.2: must be a host[\s\S]*propagate\.3[\s\S]*propagate\.4[\s\S]*propagate\.5[\s\S]*propagate: must be a list/,
    )
  })
})
