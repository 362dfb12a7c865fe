import { describe, expect, it } from 'vitest'
import { faces, failureOf, openFetch } from '../../../test/fixtures/faces.js'
import { failureOf as failedHoldfast, openOrders } from '../../../test/fixtures/orders.js'
import { drip, faultServer, stall } from '../../testing.js'

const endless = drip({ everyMs: 5, endless: true })

describe('$close', () => {
  it('of a client ends a stream that never would', async () => {
    await using server = await faultServer({ routes: { '*': endless } })
    const client = openOrders(server)
    const stream = await client.download()
    const failed = new Promise((resolve) => stream.once('error', resolve))
    stream.resume()
    await client.$close({ timeoutMs: 30 })
    expect(await failed).toMatchObject({ code: 'CLOSED', dependency: 'orders', operation: 'download' })
  })

  it('of a client ends calls that wait, and only once', async () => {
    await using server = await faultServer({ routes: { '*': stall({ at: 'headers' }) } })
    const client = openOrders(server, { timeoutMs: false, attemptTimeoutMs: false })
    const failed = failedHoldfast(client.listOrders(undefined))
    const patient = client.$close({ timeoutMs: false })
    await Promise.all([patient, client.$close({ timeoutMs: 10 })])
    expect(await failed).toMatchObject({ code: 'CLOSED' })
  })

  it('of a fetch ends the body of a response', async () => {
    await using server = await faultServer({ routes: { '*': endless } })
    const fetch = openFetch()
    const response = await fetch(server.url)
    const failed = failureOf(response.text())
    await fetch.$close({ timeoutMs: 30 })
    expect(await failed).toMatchObject({ code: 'CLOSED', operation: 'GET' })
  })

  it.each(faces)('of %s ends requests that wait', async (_, open) => {
    await using server = await faultServer({ routes: { '*': stall({ at: 'headers' }) } })
    const { request, controls } = open({ timeoutMs: false, attemptTimeoutMs: false })
    const failed = failureOf(request(server.url))
    await controls.$close({ timeoutMs: 10 })
    expect(await failed).toMatchObject({ code: 'CLOSED' })
  })

  it.each([[{ timeoutMs: -1 }], [{ timeout: 1 }], [[]], [null]])('refuses %j', async (options) => {
    const fetch = openFetch()
    await expect(fetch.$close(options as never)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})
