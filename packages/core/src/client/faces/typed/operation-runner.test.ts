import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { failureOf, openOrders } from '../../../../test/fixtures/orders.js'
import { runWithContext } from '../../../telemetry/context/index.js'
import { answer, cycle, faultServer, stall } from '../../../testing.js'

/** A signal that counts its listeners. */
function countedSignal(): { readonly signal: AbortSignal; readonly listeners: () => number } {
  const { signal } = new AbortController()
  let count = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    count++
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    count--
    removeEventListener.apply(signal, args)
  }
  return { signal, listeners: () => count }
}

describe('a call', () => {
  it('says of an error of its stream what it says of its own', async () => {
    await using server = await faultServer({
      routes: { '*': cycle([answer(503), stall({ at: 'body' })]) },
    })
    const stream = await openOrders(server, { idleTimeoutMs: 30 }).download()
    const [error] = await once(stream, 'error')
    expect(error).toMatchObject({
      code: 'BODY_TIMEOUT',
      dependency: 'orders',
      operation: 'download',
      attempts: 2,
    })
    expect(error.elapsedMs).toBeGreaterThan(0)
  })

  it('lets go of its signal when the request that it is made for has ended before', async () => {
    await using server = await faultServer()
    const client = openOrders(server)
    const { signal, listeners } = countedSignal()
    const failure = await runWithContext({ signal: AbortSignal.abort() }, () =>
      failureOf(client.listOrders(undefined, { signal })),
    )
    expect(failure).toMatchObject({ code: 'ABORTED', phase: 'queued', attempts: 0 })
    expect(listeners()).toBe(0)
  })
})
