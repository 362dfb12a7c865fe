import { describe, expect, it } from 'vitest'
import {
  answer,
  type Behaviour,
  brokenEncoding,
  faultServer,
  garbage,
  gzipBomb,
  malformations,
  malformed,
  oversize,
  redirect,
  webPage,
} from '../../../src/testing.js'
import { typedFace } from './face.js'
import { faces } from './faces.js'
import { endingOf, leavingNothing } from './fault-case.js'

const found = answer(200, { json: { id: '42' } })
const megabyte = 1_048_576

interface Row {
  readonly fault: string
  readonly behaviour: Behaviour
}

const tooLarge: readonly Row[] = [
  { fault: '7 an endless body', behaviour: oversize() },
  { fault: '7 a body of 1 GB, announced', behaviour: oversize({ bytes: 1e9, announced: true }) },
  { fault: '7 a bomb of 200 MB', behaviour: gzipBomb() },
]

const encodings: readonly Row[] = (['truncated-gzip', 'corrupt-gzip', 'not-gzip', 'long-chain'] as const).map(
  (encoding) => ({ fault: `8 ${encoding}`, behaviour: brokenEncoding(encoding) }),
)

const notHttp: readonly Row[] = [
  ...malformations
    .filter((malformation) => malformation !== 'longer-than-announced')
    .map((malformation) => ({ fault: `9 ${malformation}`, behaviour: malformed(malformation) })),
  { fault: '9 not HTTP', behaviour: garbage() },
  { fault: '9 a binary protocol', behaviour: garbage(Buffer.from([0x16, 3, 1, 0, 0xff, 0, 1])) },
]

const notJson: readonly Row[] = [
  { fault: '10 a web page', behaviour: webPage() },
  { fault: '10 nothing', behaviour: answer(200, { body: '' }) },
  { fault: '10 no content', behaviour: answer(204) },
  {
    fault: '10 half of the JSON, said to be all',
    behaviour: answer(200, { body: '{"id":', headers: { 'content-type': 'application/json' } }),
  },
  { fault: '10 other JSON', behaviour: answer(200, { json: { id: 42 } }) },
]

describe.each(faces.filter(({ readsBodies }) => readsBodies))('what is read: $name', (face) => {
  it.each(tooLarge)('$fault: stopped, in bounded memory, and not asked for again', ({ behaviour }) =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': behaviour } })
      await using client = face.open(server.url, { maxResponseBytes: megabyte })
      const before = process.memoryUsage()
      expect(await endingOf(client.get(), 10_000)).toMatchObject({
        error: { code: 'RESPONSE_TOO_LARGE', phase: 'reading', attempts: 1, maxBytes: megabyte },
      })
      const { arrayBuffers } = process.memoryUsage()
      expect(arrayBuffers - before.arrayBuffers).toBeLessThan(50 * megabyte)
      expect(client.failures()).toBe(0)
    }),
  )

  it('8 unknown-coding: taken as it comes', () =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': brokenEncoding('unknown-coding') } })
      await using client = face.open(server.url, {})
      expect(await endingOf(client.get(), 10_000)).not.toHaveProperty('error')
      expect(client.failures()).toBe(0)
    }))
})

describe.each(faces)('bodies: $name', (face) => {
  it.each([...(face.readsBodies ? encodings : []), ...notHttp])(
    '$fault: PROTOCOL_ERROR, and the connection is gone',
    ({ fault, behaviour }) =>
      leavingNothing(async () => {
        await using server = await faultServer({ routes: { '*': found } })
        await using client = face.open(server.url, { connections: 1 })
        await endingOf(client.get(), 10_000)
        server.set('*', behaviour)
        expect(await endingOf(client.get(), 10_000)).toMatchObject({
          error: { code: 'PROTOCOL_ERROR', attempts: 1, retryable: false },
        })
        // What breaks after it was handed over is no longer the breaker's.
        expect(client.failures()).toBe(face.handsOverStreams && fault.includes('chunk-size') ? 0 : 1)
        server.set('*', found)
        expect(await endingOf(client.get(), 10_000)).toEqual({ value: { id: '42' } })
      }),
  )
})

describe('bodies: the contract', () => {
  it.each(notJson)('$fault: INVALID_RESPONSE', ({ behaviour }) =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': behaviour } })
      await using client = typedFace.open(server.url, {})
      const ending = await endingOf(client.get(), 10_000)
      expect(ending).toMatchObject({
        error: { code: 'INVALID_RESPONSE', phase: 'decoding', attempts: 1, snippet: expect.any(String) },
      })
      expect(client.failures()).toBe(0)
    }),
  )

  it('10 tells how the page begins, and not all of it', async () => {
    const body = `<!doctype html><title>Sign in</title>${'x'.repeat(5_000)}`
    const page = answer(200, { body, headers: { 'content-type': 'text/html' } })
    await using server = await faultServer({ routes: { '*': page } })
    await using client = typedFace.open(server.url, {})
    const ending = await endingOf(client.get(), 10_000)
    const { message, snippet } = (ending as unknown as { error: { message: string; snippet: string } }).error
    expect(snippet).toMatch(/^<!doctype html><title>Sign in/)
    expect(message.length).toBeLessThan(500)
  })

  it('9 surplus bytes never reach the next call', () =>
    leavingNothing(async () => {
      await using server = await faultServer({ routes: { '*': malformed('longer-than-announced') } })
      await using client = typedFace.open(server.url, { connections: 1 })
      const first = await endingOf(client.get(), 10_000)
      expect(first).toMatchObject({ error: { code: 'INVALID_RESPONSE' } })
      server.set('*', found)
      expect(await endingOf(client.get(), 10_000)).toEqual({ value: { id: '42' } })
    }))

  it.each([301, 302, 303, 307, 308] as const)('11 a %d is not followed', (status) =>
    leavingNothing(async () => {
      await using elsewhere = await faultServer()
      const to = `${elsewhere.url}/login`
      await using server = await faultServer({ routes: { '*': redirect({ status, to }) } })
      await using client = typedFace.open(server.url, { headers: { authorization: 'secret' } })
      const ending = await endingOf(client.get(), 10_000)
      expect(ending).toMatchObject({ error: { code: 'HTTP_STATUS', status, attempts: 1 } })
      expect(elsewhere.requests).toHaveLength(0)
    }),
  )

  it.each([
    ['__proto__', '{"id":"42","__proto__":{"admin":true}}'],
    ['constructor', '{"id":"42","constructor":{"prototype":{"admin":true}}}'],
    ['nested __proto__', '{"id":"42","more":{"__proto__":{"admin":true}}}'],
  ])('23 %s in JSON reaches no prototype', (_, body) =>
    leavingNothing(async () => {
      const headers = { 'content-type': 'application/json' }
      await using server = await faultServer({ routes: { '*': answer(200, { body, headers }) } })
      await using client = typedFace.open(server.url, {})
      for (const call of [client.get(), client.post()]) {
        const ending = await endingOf(call, 10_000)
        const value = (ending as { value?: Record<string, unknown> }).value
        expect({}).not.toHaveProperty('admin')
        expect(value?.admin).toBeUndefined()
        expect((value?.more as { admin?: unknown } | undefined)?.admin).toBeUndefined()
        const copy = Object.assign({}, value)
        expect(copy.admin).toBeUndefined()
      }
    }),
  )
})
