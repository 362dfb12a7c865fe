import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseRetryAfter } from './parse-retry-after.js'

const now = Date.UTC(1994, 10, 6, 8, 49, 37)

it.each([
  ['0', 0],
  ['120', 120_000],
  [' 2 ', 2_000],
  ['1.5', 1_500],
  ['1000000000', 1e12],
  ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
  [['3', '9'], 3_000],
  ['Sun, 06 Nov 1994 08:49:47 GMT', 10_000],
  ['Sunday, 06-Nov-94 08:49:47 GMT', 10_000],
  ['Sun Nov  6 08:49:47 1994', 10_000],
  ['Wed, 21 Oct 1992 07:28:00 GMT', 0],
  ['Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59) - now],
])('%j is %d ms', (value, ms) => {
  expect(parseRetryAfter(value, now)).toBe(ms)
})

it.each([
  undefined,
  '',
  ' ',
  '-5',
  '+5',
  '1e3',
  '0x10',
  'soon',
  'foo 1',
  '5 seconds',
  '1994-11-06',
  'Infinity',
  'NaN',
  [],
  'Sun, 99 Nov 1994 08:49:37 GMT',
  'Sun, 06 Xyz 1994 08:49:37 GMT',
  '1;2',
  '1, 2',
])('%j says nothing', (value) => {
  expect(parseRetryAfter(value, now)).toBeUndefined()
})

it('reads back every date as HTTP writes it, in any time zone', () => {
  const date = fc.date({ min: new Date(0), max: new Date(Date.UTC(9999, 0)), noInvalidDate: true })
  fc.assert(
    fc.property(date, (at) => {
      expect(parseRetryAfter(at.toUTCString(), 0)).toBe(Math.floor(at.getTime() / 1000) * 1000)
    }),
  )
})

it('never gives anything but a finite duration', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const ms = parseRetryAfter(text)
      expect(ms === undefined || (Number.isFinite(ms) && ms >= 0)).toBe(true)
    }),
  )
})
