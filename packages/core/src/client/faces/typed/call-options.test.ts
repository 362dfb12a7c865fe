import { describe, expect, it } from 'vitest'
import { failureOf, openOrders } from '../../../../test/fixtures/orders.js'
import { faultServer } from '../../../testing.js'

describe('call options', () => {
  it.each(['500', 500n, [500], true])('do not take a timeoutMs of %s', async (timeoutMs) => {
    await using server = await faultServer()
    const client = openOrders(server)
    expect(await failureOf(client.listOrders(undefined, { timeoutMs } as never))).toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'timeoutMs' }],
    })
    expect(server.requests).toHaveLength(0)
  })

  it('do not take a signal that cannot be let go of', async () => {
    await using server = await faultServer()
    const client = openOrders(server)
    const signal = { aborted: false, addEventListener() {} }
    expect(await failureOf(client.listOrders(undefined, { signal } as never))).toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'signal' }],
    })
  })
})
