import { Readable } from 'node:stream'
import { request as undiciRequest } from 'undici'
import { describe, expect, it } from 'vitest'
import { failureOf, openAgent, openFetch } from '../../../test/fixtures/faces.js'
import { openOrders } from '../../../test/fixtures/orders.js'
import { answer, faultServer } from '../../testing.js'

const down = () => faultServer({ routes: { '*': answer(503) } })

describe('a call that fails with the error of another one', () => {
  it('of createFetch says nothing of itself in it', async () => {
    await using server = await down()
    const client = openOrders(server, { retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } })
    const call = openFetch({ retry: false, fallback: () => client.listOrders() as never })
    const error = await failureOf(call(server.url))
    expect(error).toMatchObject({ dependency: 'orders', operation: 'listOrders', attempts: 2 })
  })

  it('of createFetch says nothing of itself in that of a call to the same host', async () => {
    await using closed = await faultServer()
    await closed.refuse()
    const other = openFetch({ retry: { maxAttempts: 3, baseMs: 1, maxMs: 1 } })
    const call = openFetch({ retry: false, fallback: () => other(closed.url) })
    expect(await failureOf(call(closed.url))).toMatchObject({ code: 'CONNECT_FAILED', attempts: 3 })
  })

  it('of an interceptor says nothing of itself in it', async () => {
    await using server = await down()
    await using closed = await faultServer()
    await closed.refuse()
    const outer = openAgent({ retry: false })
    const client = openOrders(closed, { retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } })
    const foreign = await failureOf(client.listOrders())
    const body = new Readable({
      read() {
        this.destroy(foreign)
      },
    })
    const error = await failureOf(undiciRequest(server.url, { dispatcher: outer.agent, method: 'PUT', body }))
    const cause = error.code === 'CONNECT_FAILED' ? error : (error.cause as typeof error)
    expect(cause).toMatchObject({ dependency: 'orders', operation: 'listOrders', attempts: 2 })
  })
})
