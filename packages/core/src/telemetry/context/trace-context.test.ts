import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTraceparent, readTraceContext, traceIdsOf } from './trace-context.js'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const valid = `00-${traceId}-${spanId}-01`

describe('a traceparent', () => {
  it.each([
    ['empty', ''],
    ['of version ff', `ff-${traceId}-${spanId}-01`],
    ['with a trace of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['with a span of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['in capitals', valid.toUpperCase()],
    ['that is too long for its version', `${valid}-more`],
    ['with a line break', `${valid}\n`],
    ['that came twice', `${valid}, ${valid}`],
    ['without flags', `00-${traceId}-${spanId}`],
    ['that is no string', [valid]],
  ])('%s is refused', (_, value) => {
    expect(isTraceparent(value)).toBe(false)
  })

  it('of a later version may go on', () => {
    expect(isTraceparent(`01-${traceId}-${spanId}-01-more`)).toBe(true)
  })

  it('gives its ids', () => {
    expect(traceIdsOf(valid)).toEqual({ traceId, spanId, sampled: true })
    expect(traceIdsOf(`00-${traceId}-${spanId}-00`)?.sampled).toBe(false)
    expect(traceIdsOf('nonsense')).toBeUndefined()
  })

  it('of random text is next to never one', () => {
    fc.assert(fc.property(fc.string(), (text) => !isTraceparent(text)))
  })
})

describe('the trace context of a request', () => {
  it('is passed on as it came', () => {
    const headers = { traceparent: valid, tracestate: 'a=1,b=2', baggage: 'user=7' }
    expect(readTraceContext(headers)).toEqual(headers)
  })

  it('takes a tab between the members of a tracestate for white space', () => {
    const headers = { traceparent: valid, tracestate: 'a=1,\tb=2' }
    expect(readTraceContext(headers)).toMatchObject(headers)
  })

  it('has no tracestate without its traceparent', () => {
    expect(readTraceContext({ traceparent: 'bad', tracestate: 'a=1' })).toEqual({
      traceparent: undefined,
      tracestate: undefined,
      baggage: undefined,
    })
  })

  it.each([
    ['too many members', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')],
    ['too much', `a=${'x'.repeat(512)}`],
    ['a control character', 'a=1\u0007'],
  ])('drops a tracestate with %s', (_, tracestate) => {
    expect(readTraceContext({ traceparent: valid, tracestate })).toMatchObject({ tracestate: undefined })
  })

  it.each([
    ['too many members', Array.from({ length: 181 }, (_, index) => `k${index}=1`).join(',')],
    ['too much', `a=${'x'.repeat(8192)}`],
    ['a line break', 'a=1\r\nb: 2'],
  ])('drops baggage with %s', (_, baggage) => {
    expect(readTraceContext({ baggage }).baggage).toBeUndefined()
  })
})
