import dns from 'node:dns'
import { getEventListeners, setMaxListeners } from 'node:events'
import { createServer } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { createClient } from '../../../src/client/faces/typed/create-client.js'
import { defineContract } from '../../../src/contract/index.js'
import {
  answer,
  type Behaviour,
  cycle,
  delay,
  drip,
  faultServer,
  reset,
  sometimes,
  stall,
} from '../../../src/testing.js'
import { orders } from '../../fixtures/orders.js'
import type { FaceOptions } from './face.js'
import { faces } from './faces.js'
import { endingOf, endingOfLeft, leavingNothing } from './fault-case.js'

const found = answer(200, { json: { id: '42' } })
const soon = { baseMs: 1, maxMs: 1 }

/** A call that is aborted while it is in a phase. */
interface AbortRow {
  readonly phase: string
  readonly behaviour: Behaviour
  readonly attempts: number
  readonly options?: FaceOptions
  /** Calls before it, which take what it then waits for. */
  readonly others?: number
}

const aborts: readonly AbortRow[] = [
  {
    phase: 'queued',
    behaviour: stall(),
    attempts: 0,
    others: 1,
    options: { bulkhead: { maxConcurrent: 1 } },
  },
  { phase: 'waiting', behaviour: stall(), attempts: 1 },
  { phase: 'reading', behaviour: drip({ endless: true }), attempts: 1 },
  {
    phase: 'backoff',
    behaviour: answer(503),
    attempts: 1,
    options: { retry: { baseMs: 2_000 }, random: () => 0.99 },
  },
]

describe.each(faces)('17 the caller leaves: $name', (face) => {
  it.each(aborts)('$phase', ({ phase, behaviour, attempts, options, others = 0 }) =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': behaviour } })
      await using client = face.open(server.url, { ...options, timeoutMs: 9_000, attemptTimeoutMs: false })
      const first = new AbortController()
      const before = Array.from({ length: others }, () => client.get(first.signal).catch(() => 'left'))
      const { signal, abort, reason } = controller()
      const left = endingOfLeft(client.get(signal), reason, face, { phase, attempts, cause: reason })
      await server.received(1)
      await sleep(50)
      const requests = server.requests.length
      const failures = client.failures()
      abort()
      await left
      first.abort()
      await Promise.all(before)
      await vi.waitFor(() => expect([client.inFlight(), server.stats().inFlight]).toEqual([0, 0]))
      expect(server.requests).toHaveLength(requests)
      expect(client.failures()).toBe(failures)
      expect(getEventListeners(signal, 'abort')).toEqual([])
    }),
  )

  it('before the call', () =>
    leavingNothing(async () => {
      await using client = face.open('http://127.0.0.1:9', {})
      const { signal, abort, reason } = controller()
      abort()
      await endingOfLeft(client.get(signal), reason, face, { attempts: 0 })
      expect(client.failures()).toBe(0)
    }))

  it('looking up', () =>
    leavingNothing(async () => {
      const lookup = vi.spyOn(dns, 'lookup').mockImplementation((() => undefined) as never)
      await using client = face.open('http://things.invalid:1', { connectTimeoutMs: 300 })
      const { signal, abort, reason } = controller()
      const left = endingOfLeft(client.get(signal), reason, face, { phase: 'lookup' })
      await vi.waitFor(() => expect(lookup).toHaveBeenCalled())
      abort()
      await left
      expect(client.failures()).toBe(0)
    }))

  it('connecting', () =>
    leavingNothing(async () => {
      const server = createServer((socket) => socket.on('error', () => {}).resume())
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as { port: number }
      await using client = face.open(`https://127.0.0.1:${port}`, { connectTimeoutMs: 300 })
      const { signal, abort, reason } = controller()
      const left = endingOfLeft(client.get(signal), reason, face, { phase: 'connecting' })
      await sleep(50)
      abort()
      await left
      expect(client.failures()).toBe(0)
      server.close()
    }))

  it('one signal aborts many calls at once, and warns nobody', () =>
    leavingNothing(async () => {
      const { signal, abort, reason } = controller()
      // It is undici that listens for each request of a dispatcher, and Node that counts its listeners.
      if (!face.connects) setMaxListeners(0, signal)
      await using server = await faultServer({ routes: { '*': stall() } })
      await using client = face.open(server.url, {})
      const left = Array.from({ length: 50 }, () => endingOfLeft(client.get(signal), reason, face))
      await server.received(50)
      abort()
      await Promise.all(left)
      expect(getEventListeners(signal, 'abort')).toEqual([])
    }))

  it('of many calls only the one that is aborted ends, and its permit is free again', () =>
    leavingNothing(async () => {
      const routes = { 'POST *': stall(), '*': [drip({ body: '{"id":"42"}', everyMs: 20 })] }
      await using server = await faultServer({ routes })
      await using client = face.open(server.url, { timeoutMs: 9_000, attemptTimeoutMs: false })
      const others = Array.from({ length: 10 }, () => endingOf(client.get(), 9_000))
      const { signal, abort, reason } = controller()
      const left = endingOfLeft(client.post(signal), reason, face)
      await server.received(11)
      abort()
      await left
      for (const ending of await Promise.all(others)) expect(ending).toEqual({ value: { id: '42' } })
      await vi.waitFor(() => expect(client.inFlight()).toBe(0))
      expect(client.failures()).toBe(0)
    }))
})

describe.each(faces)('calls: $name', (face) => {
  it('18 one call of many times out: only that one is aborted', () =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { 'POST *': stall(), '*': [delay(150), found] } })
      await using client = face.open(server.url, { attemptTimeoutMs: 100, timeoutMs: 9_000, retry: false })
      await using patient = face.open(server.url, { timeoutMs: 9_000, attemptTimeoutMs: false })
      const calls = Array.from({ length: 9 }, () => endingOf(patient.get(), 9_000))
      expect(await endingOf(client.post(), 9_000)).toMatchObject({ error: { code: 'ATTEMPT_TIMEOUT' } })
      for (const ending of await Promise.all(calls)) expect(ending).toEqual({ value: { id: '42' } })
    }))

  it('18 a permit is held until the work has ended', () =>
    leavingNothing(async () => {
      const server = createServer((socket) => socket.on('error', () => {}).resume())
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as { port: number }
      const limits = { timeoutMs: 50, connectTimeoutMs: 400, bulkhead: { maxConcurrent: 1 } }
      await using client = face.open(`https://127.0.0.1:${port}`, limits)
      expect(await endingOf(client.get(), 50)).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED' } })
      // undici goes on connecting: a second attempt would be one more than was allowed.
      expect(client.inFlight()).toBe(1)
      await vi.waitFor(() => expect(client.inFlight()).toBe(0), { timeout: 5_000 })
      server.close()
    }))

  it.each([
    ['an hour forward', 3_600_000],
    ['an hour back', -3_600_000],
  ])('16 the clock jumps %s: no effect', (_, jumpMs) =>
    leavingNothing(async () => {
      await using server = await faultServer({
        routes: { 'GET *': cycle([answer(503), [delay(100), found]]), '*': stall() },
      })
      await using client = face.open(server.url, { retry: { baseMs: 50 }, timeoutMs: 3_000 })
      const { now } = Date
      const clock = vi.spyOn(Date, 'now')
      const get = endingOf(client.get(), 3_000)
      const post = endingOf(client.post(), 3_000)
      await server.received(1)
      clock.mockImplementation(() => now() + jumpMs)
      expect(await get).toEqual({ value: { id: '42' } })
      expect(await post).toMatchObject({ error: { attempts: 1 } })
      clock.mockRestore()
    }),
  )

  it('an error status counts against the peer, and opens its breaker', () =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': answer(500, { json: { id: 'no' } }) } })
      await using client = face.open(server.url, { circuitBreaker: { minimumCalls: 3 } })
      const answered = face.answersErrors
        ? { value: { id: 'no' } }
        : { error: { code: 'HTTP_STATUS', status: 500, attempts: 1 } }
      for (let call = 0; call < 3; call++) {
        expect(await endingOf(client.post(), 10_000)).toMatchObject(answered)
      }
      expect(await endingOf(client.post(), 10_000)).toMatchObject({ error: { code: 'CIRCUIT_OPEN' } })
      expect(server.requests).toHaveLength(3)
    }))

  it('19 a budget bounds retries, whatever the number of calls', () =>
    leavingNothing(async () => {
      const behaviour = sometimes(0.9, answer(503))
      await using server = await faultServer({ seed: 3, routes: { '*': [behaviour, found] } })
      await using client = face.open(server.url, { retry: soon, circuitBreaker: false })
      const calls = 200
      for (let call = 0; call < calls; call++) await client.get().catch(() => undefined)
      expect(server.requests.length).toBeGreaterThan(calls)
      expect(server.requests.length).toBeLessThanOrEqual(calls + 10 + calls * 0.1)
    }))

  it('19 a breaker and a budget keep calls away from what is down', () =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': reset() } })
      await using client = face.open(server.url, {
        retry: soon,
        circuitBreaker: { openMs: 60_000, maxOpenMs: 60_000 },
      })
      for (let call = 0; call < 100; call++) await endingOf(client.get(), 10_000)
      expect(server.requests.length).toBeLessThanOrEqual(31)
    }))
})

describe.each(faces)('20 Retry-After: $name', (face) => {
  it.each<[string, () => number | string | Date, number]>([
    ['a second', () => 1, 1_000],
    ['half a second', () => '0.5', 500],
    // A date has whole seconds, so this one is one to two seconds away.
    ['a date', () => new Date(Date.now() + 2_000), 900],
  ])('%s is the least to wait', (_, asked, leastMs) =>
    leavingNothing(async () => {
      const retryAfter = asked()
      await using server = await faultServer({ routes: { '*': cycle([answer(503, { retryAfter }), found]) } })
      await using client = face.open(server.url, { retry: soon })
      const startedAt = performance.now()
      expect(await endingOf(client.get(), 10_000)).toEqual({ value: { id: '42' } })
      expect((server.requests[1]?.at ?? 0) - startedAt).toBeGreaterThanOrEqual(leastMs)
    }),
  )

  it.each<[string, string]>([
    ['negative', '-5'],
    ['a date in the past', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['nonsense', 'soon'],
    ['empty', ''],
    ['infinite', 'Infinity'],
  ])('%s: the usual wait', (_, retryAfter) =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': cycle([answer(503, { retryAfter }), found]) } })
      await using client = face.open(server.url, { retry: soon })
      expect(await endingOf(client.get(), 2_000)).toEqual({ value: { id: '42' } })
    }),
  )
})

describe.each(faces)('20 Retry-After that is too long: $name', (face) => {
  it.each<[string, number | string]>([
    ['10^9 seconds', 1e9],
    ['longer than any timer', '99999999999999999999'],
    ['a date next year', new Date(Date.now() + 3e10).toUTCString()],
    ['beyond the deadline', 60],
  ])('%s: gives up now, with the answer', (_, retryAfter) =>
    leavingNothing(async () => {
      const busy = answer(429, { retryAfter, json: { id: 'busy' } })
      await using server = await faultServer({ routes: { '*': busy } })
      await using client = face.open(server.url, { retry: soon, timeoutMs: 30_000 })
      const answered = face.answersErrors
        ? { value: { id: 'busy' } }
        : { error: { code: 'HTTP_STATUS', status: 429, attempts: 1 } }
      expect(await endingOf(client.get(), 2_000)).toMatchObject(answered)
      expect(server.requests).toHaveLength(1)
    }),
  )
})

function controller() {
  const made = new AbortController()
  const reason = new Error('no longer wanted')
  return { signal: made.signal, reason, abort: () => made.abort(reason) }
}

describe('17 the typed client: a stream', () => {
  it('the caller leaves while sending', () =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': (request) => void request.pause() } })
      await using client = createClient(orders, { baseUrl: server.url })
      const source = new Readable({ read() {} })
      source.push(Buffer.alloc(8_000_000))
      const { signal, abort } = controller()
      const call = endingOf(client.upload({ file: () => source }, { signal }), 10_000)
      await server.received(1)
      await sleep(30)
      abort()
      expect(await call).toMatchObject({ error: { code: 'ABORTED', phase: 'sending', attempts: 1 } })
      expect(source.destroyed).toBe(true)
    }))
})

describe('24 the typed client: a path parameter', () => {
  const paths = defineContract('paths', {
    read: { method: 'GET', path: '/users/{id}/orders', input: z.object({ id: z.string() }) },
  })

  it.each([
    '../admin',
    '..%2fadmin',
    'a/b',
    'a?x=1',
    'a#b',
    '%2e%2e',
    'a%2fb',
    'ä ö',
    'a;b',
    'a\\b',
    'a\r\nx: y',
  ])('%j stays one segment', (id) =>
    leavingNothing(async () => {
      await using server = await faultServer()
      await using client = createClient(paths, { baseUrl: server.url })
      await endingOf(client.read({ id }), 10_000)
      const [request] = server.requests
      expect(request?.path.split('/')).toHaveLength(4)
      expect(request?.path).not.toMatch(/[?#\\]/)
      expect(decodeURIComponent(request?.path.split('/')[2] ?? '')).toBe(id)
    }),
  )

  it.each(['', '.', '..'])('%j is refused before anything is sent', (id) =>
    leavingNothing(async () => {
      await using server = await faultServer()
      await using client = createClient(paths, { baseUrl: server.url })
      const ending = await endingOf(client.read({ id }), 10_000)
      expect(ending).toMatchObject({ error: { code: 'INVALID_INPUT', phase: 'encoding', attempts: 0 } })
      expect(server.requests).toHaveLength(0)
    }),
  )
})

describe('35 the typed client: a listener', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['hangs', () => new Promise(() => {})],
  ])('that %s affects no call', (_, listener) =>
    leavingNothing(async () => {
      const warned = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
      await using server = await faultServer({ routes: { '*': cycle([answer(503), reset(), found]) } })
      await using client = createClient(orders, { baseUrl: server.url, retry: soon, hedge: { delayMs: 1 } })
      const names = ['retry', 'open', 'halfOpen', 'close', 'reject', 'hedge', 'shed', 'fallback'] as const
      for (const name of names) client.$on(name, listener as () => void)
      for (let call = 0; call < 5; call++) await endingOf(client.getOrder({ id: '42' }), 10_000)
      expect(client.$stats().inFlight).toBe(0)
      for (const [text] of warned.mock.calls) expect(text).toContain('broken')
    }),
  )
})
