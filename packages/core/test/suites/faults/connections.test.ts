import dns from 'node:dns'
import net from 'node:net'
import { Pool } from 'undici'
import { describe, expect, it, vi } from 'vitest'
import {
  answer,
  type Behaviour,
  closeReused,
  cycle,
  drip,
  faultServer,
  hangUp,
  reset,
  stall,
} from '../../../src/testing.js'
import { faces } from './faces.js'
import { endingOf, leavingNothing } from './fault-case.js'

const found = answer(200, { json: { id: '42' } })
const soon = { baseMs: 1, maxMs: 1 }
const points = ['body', 'chunk', 'between-chunks'] as const

interface Row {
  readonly fault: string
  readonly behaviour: Behaviour
  readonly code: string
  readonly phase: string
  /** Whether the answer does not say how long it is. */
  readonly isUnsized?: boolean
}

const lostBody = (at: (typeof points)[number]) => ({
  code: 'CONNECTION_LOST',
  phase: 'reading',
  isUnsized: at !== 'body',
})

const lost: readonly Row[] = [
  { fault: '2 reset before the headers', behaviour: reset(), code: 'CONNECTION_LOST', phase: 'waiting' },
  { fault: '2 FIN before the headers', behaviour: hangUp(), code: 'CONNECTION_LOST', phase: 'waiting' },
  {
    fault: '2 reset within the headers',
    behaviour: reset({ at: 'headers' }),
    code: 'CONNECTION_LOST',
    phase: 'waiting',
  },
  {
    fault: '2 FIN within the headers',
    behaviour: hangUp({ at: 'headers' }),
    code: 'CONNECTION_LOST',
    phase: 'waiting',
  },
  ...points.flatMap((at) => [
    { ...lostBody(at), fault: `3 reset: ${at}`, behaviour: reset({ at }) },
    { ...lostBody(at), fault: `3 FIN: ${at}`, behaviour: hangUp({ at }) },
  ]),
]

const dripping = '5 the body drips for ever'

const endless: readonly Row[] = [
  { fault: '4 headers never come', behaviour: stall(), code: 'ATTEMPT_TIMEOUT', phase: 'waiting' },
  { fault: '4 headers stop', behaviour: stall({ at: 'headers' }), code: 'ATTEMPT_TIMEOUT', phase: 'waiting' },
  {
    fault: '4 headers drip',
    behaviour: drip({ at: 'headers', endless: true }),
    code: 'ATTEMPT_TIMEOUT',
    phase: 'waiting',
  },
  {
    fault: dripping,
    behaviour: drip({ endless: true }),
    code: 'ATTEMPT_TIMEOUT',
    phase: 'reading',
    isUnsized: true,
  },
  { fault: '6 the body stalls', behaviour: stall({ at: 'body' }), code: 'ATTEMPT_TIMEOUT', phase: 'reading' },
  {
    fault: '6 a chunk stalls',
    behaviour: stall({ at: 'chunk' }),
    code: 'ATTEMPT_TIMEOUT',
    phase: 'reading',
    isUnsized: true,
  },
]

describe.each(faces)('connections: $name', (face) => {
  const isHandedOver = ({ isUnsized = false, phase }: Row) =>
    phase === 'reading' && (face.handsOverBodies || (face.handsOverStreams && isUnsized))
  const isTimed = ({ phase }: Row) => phase !== 'reading' || face.timesBodies
  const isBounded = (row: Row) => isTimed(row) || row.fault !== dripping
  const kept = (rows: readonly Row[]) => rows.filter((row) => !isHandedOver(row))
  const handedOver = [...lost, ...endless].filter((row) => isHandedOver(row) && isBounded(row))

  if (handedOver.length > 0)
    it.each(handedOver)('$fault: after the headers, an error and never partial data', ({ behaviour }) =>
      leavingNothing(async () => {
        await using server = await faultServer({ routes: { '*': behaviour } })
        const limits = { attemptTimeoutMs: 60, timeoutMs: 200 }
        await using client = face.open(server.url, { retry: soon, ...limits })
        expect(await endingOf(client.get(), 200)).toMatchObject({ error: { phase: 'reading', attempts: 1 } })
        await vi.waitFor(() => expect([client.inFlight(), server.stats().inFlight]).toEqual([0, 0]))
      }),
    )

  it.each(kept(lost))(
    '$fault: retried only if idempotent, never partial data',
    ({ behaviour, code, phase }) =>
      leavingNothing(async () => {
        await using server = await faultServer({ routes: { '*': behaviour } })
        await using client = face.open(server.url, { retry: soon, timeoutMs: 5_000 })
        expect(await endingOf(client.get(), 5_000)).toMatchObject({ error: { code, phase, attempts: 3 } })
        expect(await endingOf(client.post(), 5_000)).toMatchObject({ error: { code, phase, attempts: 1 } })
        expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'POST'])
        expect(client.failures()).toBe(4)
      }),
  )

  it.each(kept(lost))('$fault once: made good by the second attempt', ({ behaviour }) =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': cycle([behaviour, found]) } })
      await using client = face.open(server.url, { retry: soon, timeoutMs: 5_000 })
      expect(await endingOf(client.get(), 5_000)).toEqual({ value: { id: '42' } })
    }),
  )

  it.each(kept(lost))('$fault once: made good for a POST that has a key', ({ behaviour }) =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': cycle([behaviour, found]) } })
      await using client = face.open(server.url, { retry: soon, timeoutMs: 5_000 })
      expect(await endingOf(client.keyed(), 5_000)).toEqual({ value: { id: '42' } })
      expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'POST'])
    }),
  )

  if (face.handsOverStreams)
    it('6 a body that stalls after it was handed over has a code of its own', () =>
      leavingNothing(async () => {
        await using server = await faultServer({ routes: { '*': stall({ at: 'chunk' }) } })
        await using client = face.open(server.url, { timeoutMs: 9_000, idleTimeoutMs: 100 })
        const ending = await endingOf(client.get(), 9_000)
        expect(ending).toMatchObject({ error: { code: 'BODY_TIMEOUT', phase: 'reading' } })
        await vi.waitFor(() => expect(client.inFlight()).toBe(0))
      }))

  it.each(kept(endless))(
    '$fault: ends with the attempt, repeated only if idempotent',
    ({ behaviour, code, phase }) =>
      leavingNothing(async () => {
        await using server = await faultServer({ routes: { '*': behaviour } })
        const limits = { attemptTimeoutMs: 60, timeoutMs: 5_000 }
        await using client = face.open(server.url, { retry: { ...soon, maxAttempts: 2 }, ...limits })
        expect(await endingOf(client.get(), 5_000)).toMatchObject({ error: { code, phase, attempts: 2 } })
        expect(await endingOf(client.post(), 5_000)).toMatchObject({ error: { code, phase, attempts: 1 } })
        await vi.waitFor(() => expect([client.inFlight(), server.stats().inFlight]).toEqual([0, 0]))
      }),
  )

  it.each(endless.filter(isTimed))('$fault: ends with the deadline', ({ behaviour, phase }) =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': behaviour } })
      await using client = face.open(server.url, { timeoutMs: 100 })
      const ending = await endingOf(client.get(), 100)
      expect(ending).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED', phase, attempts: 1 } })
      await vi.waitFor(() => expect([client.inFlight(), server.stats().inFlight]).toEqual([0, 0]))
    }),
  )

  it('1 refused: retried for any method, and the breaker counts it', () =>
    leavingNothing(async () => {
      await using server = await faultServer()
      await server.refuse()
      await using client = face.open(server.url, { retry: soon, circuitBreaker: { connectionFailures: 6 } })
      for (const call of ['get', 'post'] as const) {
        expect(await endingOf(client[call](), 10_000)).toMatchObject({
          error: { code: 'CONNECT_FAILED', reason: 'refused', phase: 'connecting', attempts: 3 },
        })
      }
      expect(client.failures()).toBe(6)
      expect(await endingOf(client.post(), 10_000)).toMatchObject({
        error: { code: 'CIRCUIT_OPEN', phase: 'queued', attempts: 0, retryAfterMs: expect.any(Number) },
      })
    }))

  it('1 refused at first: a POST gets through when the service is back', () =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': found } })
      await server.refuse()
      await using client = face.open(server.url, { retry: { baseMs: 200 }, random: () => 0.99 })
      const call = endingOf(client.post(), 10_000)
      await server.accept()
      expect(await call).toEqual({ value: { id: '42' } })
      expect(server.requests).toHaveLength(1)
    }))

  it.each(['fin', 'reset'] as const)('12 a kept connection ends by %s as it is used again', (by) =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': [closeReused({ by }), found] } })
      await using client = face.open(server.url, { retry: soon, connections: 1 })
      expect(await endingOf(client.get(), 10_000)).toEqual({ value: { id: '42' } })
      expect(await endingOf(client.get(), 10_000)).toEqual({ value: { id: '42' } })
      expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1, 2])
      expect(await endingOf(client.post(), 10_000)).toMatchObject({
        error: { code: 'CONNECTION_LOST', attempts: 1 },
      })
      expect(server.requests).toHaveLength(4)
    }),
  )

  it('12 connections that the service has closed while they were idle are not used again', () =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': found } })
      await using client = face.open(server.url, {})
      for (let call = 0; call < 3; call++) {
        expect(await endingOf(client.post(), 10_000)).toEqual({ value: { id: '42' } })
        server.dropIdleConnections()
        await vi.waitFor(() => expect(server.stats().connections).toBe(0))
      }
    }))

  it('13 a peer that is gone without a word: deadline, and its connection is not used again', () =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': found } })
      await using client = face.open(server.url, { timeoutMs: 150, connections: 1 })
      await endingOf(client.get(), 150)
      server.set('*', stall())
      expect(await endingOf(client.get(), 150)).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED' } })
      server.set('*', found)
      await vi.waitFor(async () => expect(await endingOf(client.get(), 150)).toEqual({ value: { id: '42' } }))
      const [first, second, third] = server.requests.map(({ connection }) => connection)
      expect(second).toBe(first)
      expect(third).not.toBe(first)
    }))

  it.each([
    ['EMFILE', 'connect'],
    ['ENFILE', 'connect'],
    ['ENOBUFS', 'connect'],
  ])('15 %s is nobody else’s fault', (code, syscall) =>
    leavingNothing(async () => {
      const connect = vi.spyOn(net, 'connect').mockImplementation((() => {
        const socket = new net.Socket()
        setImmediate(() => socket.destroy(Object.assign(new Error(`${syscall} ${code}`), { code, syscall })))
        return socket
      }) as never)
      await using client = face.open('http://127.0.0.1:9', { retry: soon })
      const ending = await endingOf(client.get(), 10_000)
      expect(ending).toMatchObject({ error: { code: 'LOCAL_RESOURCE', attempts: 1 } })
      expect(client.failures()).toBe(0)
      connect.mockRestore()
    }),
  )

  it('15 EADDRNOTAVAIL is nobody else’s fault', () =>
    leavingNothing(async () => {
      const dispatcher = new Pool('http://127.0.0.1:9', { localAddress: '192.0.2.1' })
      await using client = face.open('http://127.0.0.1:9', { dispatcher })
      const ending = await endingOf(client.post(), 10_000)
      expect(ending).toMatchObject({ error: { code: 'LOCAL_RESOURCE', attempts: 1 } })
      expect(client.failures()).toBe(0)
      await dispatcher.destroy()
    }))
})

type LookupCallback = (error: Error | null, addresses?: { address: string; family: number }[]) => void

/** Answers lookups one after the other: an error code, or an address of this machine. */
function resolveTo(...answers: (string | undefined)[]) {
  const lookup = vi.spyOn(dns, 'lookup')
  lookup.mockImplementation(((_: string, __: object, callback: LookupCallback) => {
    const code = answers[Math.min(lookup.mock.calls.length, answers.length) - 1]
    if (code === 'never') return
    const error = code === undefined ? null : Object.assign(new Error(code), { code, syscall: 'getaddrinfo' })
    setImmediate(() => callback(error, [{ address: '127.0.0.1', family: 4 }]))
  }) as never)
  return lookup
}

describe.each(faces)('14 names: $name', (face) => {
  const named = (url: string) => url.replace('127.0.0.1', 'things.invalid')

  it.each(['ENOTFOUND', 'EAI_AGAIN'])('%s is retried for any method, and looked up afresh', (code) =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': found } })
      const lookup = resolveTo(code, code, undefined)
      await using client = face.open(named(server.url), { retry: soon })
      expect(await endingOf(client.post(), 10_000)).toEqual({ value: { id: '42' } })
      expect(lookup).toHaveBeenCalledTimes(3)
      server.dropConnections()
      await vi.waitFor(() => expect(server.stats().connections).toBe(0))
      expect(await endingOf(client.get(), 10_000)).toEqual({ value: { id: '42' } })
      expect(lookup.mock.calls.length).toBeGreaterThan(3)
    }),
  )

  it.each([
    ['ENOTFOUND', false],
    ['EAI_AGAIN', true],
  ])('%s for good fails fast', (code, temporary) =>
    leavingNothing(async () => {
      resolveTo(code)
      await using client = face.open('http://things.invalid:1', { retry: soon })
      expect(await endingOf(client.get(), 10_000)).toMatchObject({
        error: { code: 'DNS_FAILED', phase: 'lookup', temporary, attempts: 3 },
      })
      expect(client.failures()).toBe(3)
    }),
  )

  it('a lookup that never ends is bounded by the deadline', () =>
    leavingNothing(async () => {
      resolveTo('never')
      await using client = face.open('http://things.invalid:1', { timeoutMs: 100, connectTimeoutMs: 200 })
      const ending = await endingOf(client.get(), 100)
      const phase = face.connects ? 'lookup' : 'connecting'
      expect(ending).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED', phase } })
    }))
})
