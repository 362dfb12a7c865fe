import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { failureOf, openOrders } from '../../../../test/fixtures/orders.js'
import { answer, cycle, drip, faultServer, oversize, reset, stall } from '../../../testing.js'

/** What a stream ends with: its bytes, or its error. */
async function endOf(stream: Readable): Promise<unknown> {
  try {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString()
  } catch (error) {
    return error
  }
}

describe('a streamed response', () => {
  it('streams, holds its permit until the end, and is a success at the headers', async () => {
    await using server = await faultServer({ routes: { '*': drip({ body: 'abc', everyMs: 20 }) } })
    const client = openOrders(server, { bulkhead: { maxConcurrent: 1 } })
    const stream = await client.download()
    expect(client.$stats()).toMatchObject({
      inFlight: 1,
      endpoints: [{ circuitBreaker: { successes: 1 } }],
    })
    expect(await endOf(stream)).toBe('abc')
    await vi.waitFor(() => expect(client.$stats().inFlight).toBe(0))
  })

  it('outlasts deadline and attempt, which end at the headers', async () => {
    await using server = await faultServer({ routes: { '*': drip({ body: 'abcdefgh', everyMs: 30 }) } })
    const limits = { timeoutMs: 150, attemptTimeoutMs: 140, idleTimeoutMs: 5_000 }
    expect(await endOf(await openOrders(server, limits).download())).toBe('abcdefgh')
  })

  it('is retried until its headers are there', async () => {
    await using server = await faultServer({
      routes: { '*': cycle([answer(503), reset(), answer(200, { body: 'x' })]) },
    })
    expect(await endOf(await openOrders(server).download())).toBe('x')
    expect(server.requests).toHaveLength(3)
  })

  it('throws a status like any other call', async () => {
    await using server = await faultServer({ routes: { '*': answer(404, { body: 'none' }) } })
    expect(await failureOf(openOrders(server).download())).toMatchObject({ status: 404, body: 'none' })
  })

  it.each([
    ['the dependency holds it up', stall({ at: 'body' }), true],
    ['its consumer holds it up', oversize(), false],
  ])('ends with BODY_TIMEOUT when %s', async (_, fault, reads) => {
    await using server = await faultServer({ routes: { '*': fault } })
    const client = openOrders(server, { idleTimeoutMs: 60 })
    const stream = await client.download()
    const end = reads ? endOf(stream) : once(stream, 'error').then(([error]) => error as unknown)
    expect(await end).toMatchObject({ code: 'BODY_TIMEOUT', phase: 'reading' })
    await vi.waitFor(() => expect(client.$stats().inFlight).toBe(0))
    await vi.waitFor(() => expect(server.stats().inFlight).toBe(0))
  })

  it('holds back a dependency that is faster than its consumer', async () => {
    await using server = await faultServer({ routes: { '*': oversize() } })
    const stream = await openOrders(server, { idleTimeoutMs: false }).download()
    await sleep(100)
    expect(stream.readableLength).toBeLessThan(4_000_000)
    stream.destroy()
    await vi.waitFor(() => expect(server.stats().inFlight).toBe(0))
  })

  it('has an error body that is bounded all the same', async () => {
    await using server = await faultServer({
      routes: {
        '*': (_, response) => {
          response.writeHead(500)
          const more = () => response.destroyed || response.write(Buffer.alloc(65_536), more)
          more()
        },
      },
    })
    const client = openOrders(server, { retry: false })
    const failure = await failureOf(client.download())
    expect(failure).toMatchObject({ code: 'HTTP_STATUS', status: 500 })
    expect(String(failure.body).length).toBeLessThanOrEqual(10 * 1024 * 1024)
  })

  it('is bounded where a limit was given', async () => {
    await using server = await faultServer({ routes: { '*': oversize() } })
    const stream = await openOrders(server, { maxResponseBytes: 1_000_000 }).download()
    expect(await endOf(stream)).toMatchObject({ code: 'RESPONSE_TOO_LARGE', maxBytes: 1_000_000 })
  })

  it("ends with the caller's abort, also after the headers", async () => {
    await using server = await faultServer({ routes: { '*': drip({ endless: true }) } })
    const client = openOrders(server)
    const controller = new AbortController()
    const stream = await client.download(undefined, controller)
    const end = endOf(stream)
    controller.abort('left')
    expect(await end).toMatchObject({ code: 'ABORTED', phase: 'reading', cause: 'left' })
    expect(stream.destroyed).toBe(true)
    await vi.waitFor(() => expect(client.$stats().inFlight).toBe(0))
    await vi.waitFor(() => expect(server.stats().inFlight).toBe(0))
  })

  it('leaves no listener on the signal, however many follow it', async () => {
    await using server = await faultServer({ routes: { '*': answer(200, { body: 'x' }) } })
    const client = openOrders(server)
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    const streams = await Promise.all(
      Array.from({ length: 20 }, () => client.download(undefined, { signal })),
    )
    expect(add.mock.calls.length).toBe(1)
    for (const stream of streams) expect(await endOf(stream)).toBe('x')
    await vi.waitFor(() => expect(remove.mock.calls.length).toBe(1))
  })

  it('that nobody reads breaks without harm, and $close waits for its end', async () => {
    await using server = await faultServer({ routes: { '*': drip({ body: 'abcdef', everyMs: 10 }) } })
    const client = openOrders(server, { idleTimeoutMs: 50 })
    const unread = await client.download()
    const read = await client.download()
    const [end] = await Promise.all([endOf(read), client.$close()])
    expect(end).toBe('abcdef')
    unread.destroy()
  })
})

describe('a streamed request', () => {
  it('is sent piece by piece, no faster than it is taken', async () => {
    await using server = await faultServer({
      routes: { '*': (request) => void request.pause() },
    })
    let pulled = 0
    const source = () =>
      new Readable({
        read() {
          pulled += 1
          this.push(Buffer.alloc(65_536))
        },
      })
    const failure = await failureOf(openOrders(server, { timeoutMs: 300 }).upload({ file: source }))
    expect(failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', phase: 'sending' })
    expect(pulled * 65_536).toBeLessThan(50_000_000)
  })

  it('that stalls says nothing about the dependency', async () => {
    await using server = await faultServer({ routes: { '*': stall() } })
    const client = openOrders(server, { timeoutMs: 100 })
    async function* once() {
      yield Buffer.from('some')
      await new Promise(() => {})
    }
    const failure = await failureOf(client.upload({ file: once() }))
    expect(failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', phase: 'sending' })
    expect(client.$stats().endpoints[0]?.circuitBreaker).toMatchObject({ failures: 0, successes: 0 })
  })

  it('that fails is the fault of the caller', async () => {
    await using server = await faultServer()
    const client = openOrders(server)
    const broken = async function* () {
      yield 'x'
      throw new Error('disk gone')
    }
    expect(await failureOf(client.upload({ file: broken() }))).toMatchObject({
      code: 'ABORTED',
      phase: 'sending',
      cause: { message: 'disk gone' },
    })
    expect(client.$stats().endpoints[0]?.circuitBreaker).toMatchObject({ failures: 0 })
  })

  it('can be the response of another call', async () => {
    await using server = await faultServer({
      recordBodies: true,
      routes: { 'GET /download': drip({ body: 'passed on', everyMs: 2 }), '*': answer(200) },
    })
    const client = openOrders(server)
    await client.upload({ file: await client.download() })
    expect(server.requests.at(-1)?.body.toString()).toBe('passed on')
  })
})
