import { describe, expect, it } from 'vitest'
import { failureOf, openOrders } from '../../../test/fixtures/orders.js'
import { answer, cycle, faultServer, hangUp } from '../../testing.js'

const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/
const item = { item: 'x' }

describe('call options', () => {
  it('are refused with everything that is wrong, and nothing is sent', async () => {
    await using server = await faultServer()
    const client = openOrders(server)
    const options = {
      signal: {},
      timeoutMs: 0,
      headers: { 'x-a': 'a\r\nb', host: 1, connection: 'close' },
      idempotencyKey: 'k',
      priority: 'high',
      retries: 3,
    }
    const failure = await failureOf(client.getOrder({ id: '42' }, options as never))
    expect(failure).toMatchObject({ code: 'INVALID_INPUT', operation: 'getOrder', attempts: 0 })
    expect((failure.problems as { path: string }[]).map(({ path }) => path).sort()).toEqual([
      'headers.connection',
      'headers.host',
      'headers.x-a',
      'idempotencyKey',
      'priority',
      'retries',
      'signal',
      'timeoutMs',
    ])
    expect(await client.getOrder.safe({ id: '42' }, 5 as never)).toMatchObject({ ok: false })
    expect(await client.getOrder.safe({ id: '42' }, null as never)).toMatchObject({ ok: false })
    expect(server.requests).toHaveLength(0)
  })

  it('come after undefined where an operation takes no input', async () => {
    await using server = await faultServer()
    await openOrders(server).listOrders(undefined, { headers: { 'X-Who': 'me' } })
    expect(server.requests[0]?.headers).toMatchObject({ 'x-who': 'me' })
  })

  it('set the total time of one call', async () => {
    await using server = await faultServer({ routes: { '*': () => undefined } })
    const client = openOrders(server)
    expect(await failureOf(client.listOrders(undefined, { timeoutMs: 30 }))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('30 ms'),
    })
  })

  it('can lift the total time of one call', async () => {
    await using server = await faultServer({ routes: { '*': () => undefined } })
    const client = openOrders(server, { timeoutMs: 20, attemptTimeoutMs: 10, retry: false })
    expect(await failureOf(client.listOrders(undefined, { timeoutMs: false }))).toMatchObject({
      code: 'ATTEMPT_TIMEOUT',
    })
  })
})

describe('headers', () => {
  it('of the call win over those of the contract, which win over those of the client', async () => {
    await using server = await faultServer()
    const client = openOrders(server, {
      headers: { Accept: 'text/plain', 'Content-Type': 'text/x', 'X-Client': 'c', 'x-both': 'client' },
    })
    await client.placeOrder(item, { headers: { 'X-Both': 'call', 'x-none': undefined as never } })
    const { headers } = server.requests[0] ?? {}
    expect(headers).toMatchObject({
      accept: 'text/plain',
      'content-type': 'application/json',
      'x-client': 'c',
      'x-both': 'call',
    })
    expect(headers).not.toHaveProperty('x-none')
  })

  it('say what is wanted where JSON is', async () => {
    await using server = await faultServer()
    const client = openOrders(server)
    await client.listOrders()
    await client.removeOrder({ id: '1' })
    expect(server.requests.map(({ headers }) => headers.accept)).toEqual(['application/json', undefined])
  })

  it('of one call never reach another', async () => {
    await using server = await faultServer()
    const client = openOrders(server)
    await client.listOrders(undefined, { headers: { authorization: 'secret' } })
    await client.listOrders()
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['secret', undefined])
  })
})

describe('the idempotency key', () => {
  const flaky = { '*': cycle([answer(503), hangUp(), answer(200)]) }

  it('is the same on all attempts of a call, and another for the next call', async () => {
    await using server = await faultServer({ routes: flaky })
    const client = openOrders(server)
    await client.placeOrder(item)
    await client.placeOrder(item)
    const keys = server.requests.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toHaveLength(6)
    expect(keys[0]).toMatch(uuid)
    expect(new Set(keys.slice(0, 3)).size).toBe(1)
    expect(new Set(keys).size).toBe(2)
  })

  it('is the one that the call gives, as an option or as a header', async () => {
    await using server = await faultServer()
    const client = openOrders(server)
    await client.placeOrder(item, { idempotencyKey: 'k-1' })
    await client.placeOrder(item, { headers: { 'Idempotency-Key': 'k-2' } })
    const keys = server.requests.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toEqual(['k-1', 'k-2'])
  })

  it.each(['', 'a\nb'])('is not %j', async (idempotencyKey) => {
    const client = openOrders({ url: 'http://127.0.0.1:9' })
    expect(await failureOf(client.placeOrder(item, { idempotencyKey }))).toMatchObject({
      problems: [{ path: 'idempotencyKey' }],
    })
  })

  it('is not sent by an operation that does not ask for one', async () => {
    await using server = await faultServer()
    await openOrders(server).noteOrder({ text: 'x' })
    expect(server.requests[0]?.headers).not.toHaveProperty('idempotency-key')
  })
})
