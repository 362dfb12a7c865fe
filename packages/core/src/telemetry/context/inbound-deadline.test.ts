import { describe, expect, it } from 'vitest'
import { inboundTimeoutMs } from './inbound-deadline.js'

describe('the time that the caller still waits', () => {
  it.each([
    [{}, undefined],
    [{ 'x-request-timeout-ms': '1500' }, 1500],
    [{ 'x-envoy-expected-rq-timeout-ms': '200' }, 200],
    [{ 'grpc-timeout': '2S' }, 2000],
    [{ 'grpc-timeout': '500m' }, 500],
    [{ 'grpc-timeout': '1H' }, 3_600_000],
    [{ 'x-request-timeout-ms': '900', 'grpc-timeout': '100m' }, 100],
    [{ 'x-request-timeout-ms': '9999999999' }, 2 ** 31 - 1],
  ])('of %j is %s', (headers, expected) => {
    expect(inboundTimeoutMs(headers)).toBe(expected)
  })

  it.each(['-1', '1.5', '1e3', '', ' 5', '10000000000', 'soon', ['5'], '5, 6'])(
    'ignores x-request-timeout-ms: %j',
    (value) => {
      expect(inboundTimeoutMs({ 'x-request-timeout-ms': value })).toBeUndefined()
    },
  )

  it.each(['5', '5s', '-5S', '123456789S', 'S'])('ignores grpc-timeout: %j', (value) => {
    expect(inboundTimeoutMs({ 'grpc-timeout': value })).toBeUndefined()
  })
})
