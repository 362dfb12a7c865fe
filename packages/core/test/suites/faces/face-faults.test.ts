import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  answer,
  closeReused,
  cycle,
  drip,
  faultServer,
  garbage,
  hangUp,
  malformations,
  malformed,
  reset,
  stall,
} from '../../../src/testing.js'
import { faces, failureOf } from '../../fixtures/faces.js'

const timeoutMs = 400
/** The body that was announced did arrive; what follows it is cut off with the connection. */
const broken = malformations.filter((name) => name !== 'longer-than-announced')
const ok = answer(200, { body: 'ok' })

/** Runs a call that must settle within its deadline and a second. */
async function inTime<Result>(call: Promise<Result>): Promise<Result> {
  const startedAt = performance.now()
  try {
    return await call
  } finally {
    expect(performance.now() - startedAt).toBeLessThan(timeoutMs + 1_000)
  }
}

describe.each(faces)('%s', (_, open) => {
  it('connection refused: any method is retried, and the breaker opens', async () => {
    await using server = await faultServer()
    await server.refuse()
    const { request, controls } = open({ timeoutMs, circuitBreaker: { connectionFailures: 4 } })
    const url = `http://127.0.0.1:${server.port || 9}`
    expect(await failureOf(inTime(request(url, { method: 'POST', body: 'x' })))).toMatchObject({
      code: 'CONNECT_FAILED',
      reason: 'refused',
      phase: 'connecting',
      attempts: 3,
      dependency: new URL(url).host,
      operation: 'POST',
    })
    expect(await failureOf(request(url))).toMatchObject({ code: 'CONNECT_FAILED' })
    expect(await failureOf(request(url))).toMatchObject({ code: 'CIRCUIT_OPEN', attempts: 0 })
    expect(controls.$stats().origins).toMatchObject([{ inFlight: 0, circuitBreaker: { state: 'open' } }])
  })

  describe.each([
    ['reset before the headers', reset()],
    ['FIN before the headers', hangUp()],
    ['reset within the headers', reset({ at: 'headers' })],
    ['FIN within the headers', hangUp({ at: 'headers' })],
  ])('%s', (_name, fault) => {
    it('is retried where that is safe', async () => {
      await using server = await faultServer({ routes: { '*': cycle([fault, ok]) } })
      const { request } = open({ timeoutMs })
      expect(await inTime(request(server.url))).toEqual({ status: 200, text: 'ok' })
      const headers = { 'idempotency-key': 'a' }
      expect(await inTime(request(server.url, { method: 'POST', body: 'x', headers }))).toMatchObject({
        text: 'ok',
      })
      expect(server.requests).toHaveLength(4)
    })

    it('is final where it is not', async () => {
      await using server = await faultServer({ routes: { '*': fault } })
      const { request } = open({ timeoutMs })
      const failure = await failureOf(inTime(request(server.url, { method: 'POST', body: 'x' })))
      expect(failure).toMatchObject({ code: 'CONNECTION_LOST', retryable: true, attempts: 1 })
      expect(server.requests).toHaveLength(1)
    })
  })

  it.each([
    ['reset in the body', reset({ at: 'body' })],
    ['FIN in the body', hangUp({ at: 'body' })],
    ['reset in a chunk', reset({ at: 'chunk' })],
    ['FIN between chunks', hangUp({ at: 'between-chunks' })],
  ])('%s: an error, never partial data', async (_name, fault) => {
    await using server = await faultServer({ routes: { '*': fault } })
    const { request } = open({ timeoutMs })
    expect(await failureOf(inTime(request(server.url)))).toMatchObject({
      code: 'CONNECTION_LOST',
      phase: 'reading',
    })
  })

  it.each([
    ['never come', stall()],
    ['drip', drip({ at: 'headers', endless: true })],
  ])('headers that %s end with the deadline', async (_name, fault) => {
    await using server = await faultServer({ routes: { '*': fault } })
    const { request, controls } = open({ timeoutMs, attemptTimeoutMs: false })
    const failure = await failureOf(inTime(request(server.url)))
    expect(failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', phase: 'waiting', attempts: 1 })
    await vi.waitFor(() => expect(controls.$stats().origins[0]?.inFlight).toBe(0))
    expect(server.stats().connections).toBeLessThanOrEqual(1)
  })

  it('an attempt that takes too long is retried, and the deadline bounds all of them', async () => {
    await using server = await faultServer({
      routes: { '*': cycle([stall(), ok, stall(), stall(), stall()]) },
    })
    const { request } = open({ timeoutMs, attemptTimeoutMs: 100 })
    expect(await inTime(request(server.url))).toMatchObject({ status: 200 })
    expect(await failureOf(inTime(request(server.url)))).toMatchObject({
      code: 'ATTEMPT_TIMEOUT',
      attempts: 3,
    })
  })

  it('a body that stalls has a code of its own', async () => {
    await using server = await faultServer({ routes: { '*': stall({ at: 'chunk' }) } })
    const { request, controls } = open({ timeoutMs: 5_000, idleTimeoutMs: 100 })
    expect(await failureOf(inTime(request(server.url)))).toMatchObject({
      code: 'BODY_TIMEOUT',
      phase: 'reading',
    })
    await vi.waitFor(() => expect(controls.$stats().origins[0]?.inFlight).toBe(0))
  })

  it.each([...broken.map((name) => [name, malformed(name)] as const), ['garbage', garbage()] as const])(
    'not HTTP: %s',
    async (_name, fault) => {
      await using server = await faultServer({ routes: { '*': fault } })
      const { request } = open({ timeoutMs })
      const { code } = await failureOf(inTime(request(server.url)))
      expect(['PROTOCOL_ERROR', 'CONNECTION_LOST']).toContain(code)
      await vi.waitFor(() => expect(server.stats().connections).toBe(0))
    },
  )

  it('a kept connection that is closed as it is used again: one silent retry, none for a POST', async () => {
    await using server = await faultServer({ routes: { '*': [closeReused(), ok] } })
    const { request } = open({ timeoutMs })
    for (let call = 0; call < 4; call++) {
      expect(await inTime(request(server.url))).toEqual({ status: 200, text: 'ok' })
    }
    expect(server.requests.some(({ faults }) => faults.includes('close reused'))).toBe(true)
    // undici may have opened a further connection meanwhile, which the first POST then gets.
    const posts = []
    for (let call = 0; call < 3; call++) {
      posts.push(await inTime(request(server.url, { method: 'POST', body: 'x' })).catch((error) => error))
    }
    expect(posts).toContainEqual(expect.objectContaining({ code: 'CONNECTION_LOST', attempts: 1 }))
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(3)
  })

  it('500 is passed on, and counts against the peer', async () => {
    await using server = await faultServer({ routes: { '*': answer(500, { body: 'no' }) } })
    const { request } = open({ timeoutMs, circuitBreaker: { minimumCalls: 3 } })
    for (let call = 0; call < 3; call++)
      expect(await request(server.url)).toEqual({ status: 500, text: 'no' })
    expect(await failureOf(request(server.url))).toMatchObject({ code: 'CIRCUIT_OPEN' })
    expect(server.requests).toHaveLength(3)
  })

  it('a clock that jumps changes nothing', async () => {
    await using server = await faultServer({ routes: { '*': stall() } })
    const { request } = open({ timeoutMs, attemptTimeoutMs: false })
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const call = failureOf(inTime(request(server.url)))
    await server.received(1)
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(await call).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  it('of many calls only the one that is aborted ends, and its permit is free again', async () => {
    await using server = await faultServer({
      routes: { '/slow': stall(), '*': [drip({ body: 'ok', everyMs: 20 })] },
    })
    const { request, controls } = open({ timeoutMs: 5_000 })
    const others = Array.from({ length: 10 }, () => request(server.url))
    const abort = new AbortController()
    const slow = failureOf(request(`${server.url}/slow`, { signal: abort.signal }))
    await server.received(11)
    abort.abort()
    expect((await slow).name).toBe('AbortError')
    expect(await Promise.all(others)).toEqual(Array(10).fill({ status: 200, text: 'ok' }))
    await vi.waitFor(() => expect(controls.$stats().origins[0]?.inFlight).toBe(0))
    expect(controls.$stats().origins[0]?.circuitBreaker).toMatchObject({ failures: 0 })
  })

  it.each([
    ['10^9 seconds', 1e9, 1],
    ['negative', -5, 2],
    ['a date that has passed', new Date(0), 2],
    ['a date beyond the deadline', new Date(Date.now() + 3_600_000), 1],
    ['nonsense', 'soon', 2],
  ])('Retry-After that is %s', async (_name, retryAfter, requests) => {
    await using server = await faultServer({ routes: { '*': cycle([answer(503, { retryAfter }), ok]) } })
    const { request } = open({ timeoutMs })
    expect((await inTime(request(server.url))).status).toBe(requests === 1 ? 503 : 200)
    expect(server.requests).toHaveLength(requests)
  })

  describe("the caller's abort", () => {
    /** Aborts when `when` settles; the call must end with the caller's own reason, and be nobody's failure. */
    async function abortWhen(
      face: ReturnType<typeof open>,
      url: string,
      when: () => Promise<unknown>,
    ): Promise<void> {
      const abort = new AbortController()
      const reason = new Error('no longer wanted')
      const call = failureOf(face.request(url, { signal: abort.signal }))
      await when()
      const abortedAt = performance.now()
      abort.abort(reason)
      expect(await call).toBe(reason)
      expect(performance.now() - abortedAt).toBeLessThan(200)
      await vi.waitFor(() =>
        expect(face.controls.$stats().origins[0]?.circuitBreaker).toMatchObject({ failures: 0 }),
      )
    }

    it.each([
      ['waiting for headers', stall()],
      ['reading', stall({ at: 'chunk' })],
    ])('while %s', async (_name, fault) => {
      await using server = await faultServer({ routes: { '*': fault } })
      const face = open()
      await abortWhen(face, server.url, async () => {
        await server.received(1)
        await new Promise((resolve) => setTimeout(resolve, 30))
      })
      expect(server.requests).toHaveLength(1)
      await vi.waitFor(() => expect(server.stats().connections).toBeLessThanOrEqual(1))
    })

    it('before the call', async () => {
      const { request } = open()
      const reason = new Error('too late')
      expect(await failureOf(request('http://127.0.0.1:9', { signal: AbortSignal.abort(reason) }))).toBe(
        reason,
      )
    })

    it('while queued', async () => {
      await using server = await faultServer({ routes: { '*': stall() } })
      const face = open({ bulkhead: { maxConcurrent: 1 } })
      const first = new AbortController()
      const holder = failureOf(face.request(server.url, { signal: first.signal }))
      await server.received(1)
      await abortWhen(face, server.url, async () => {
        await vi.waitFor(() => expect(face.controls.$stats().origins[0]?.queued).toBe(1))
      })
      expect(face.controls.$stats().origins[0]).toMatchObject({ queued: 0, inFlight: 1 })
      first.abort()
      await holder
      expect(server.requests).toHaveLength(1)
    })

    it('while connecting', async () => {
      const sockets: Socket[] = []
      const server = createServer((socket) => {
        sockets.push(socket.on('error', () => undefined).resume())
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      onTestFinished(() => void server.close())
      const { port } = server.address() as { port: number }
      await abortWhen(open(), `https://127.0.0.1:${port}`, async () => {
        await once(server, 'connection')
      })
      for (const socket of sockets) socket.destroy()
    })

    it('while backing off', async () => {
      await using server = await faultServer({ routes: { '*': answer(503, { retryAfter: 1 }) } })
      const face = open({ circuitBreaker: { minimumCalls: 100 } })
      const abort = new AbortController()
      const call = failureOf(face.request(server.url, { signal: abort.signal }))
      const retried = new Promise((resolve) => face.controls.$on('retry', resolve))
      await retried
      abort.abort()
      expect((await call).name).toBe('AbortError')
      expect(server.requests).toHaveLength(1)
    })
  })
})
