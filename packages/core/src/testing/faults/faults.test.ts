import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { isHoldfastError } from '../../foundation/errors/index.js'
import {
  answer,
  type Behaviour,
  brokenEncoding,
  capacity,
  closeReused,
  cycle,
  delay,
  drip,
  exponential,
  faultServer,
  garbage,
  gzipBomb,
  hangUp,
  lognormal,
  malformations,
  malformed,
  oversize,
  phases,
  redirect,
  reset,
  schedule,
  sometimes,
  stall,
  uniform,
  webPage,
} from '../../testing.js'

interface Reading {
  readonly text: string
  readonly bytes: Buffer
  /** How the connection ended, or that it has not. */
  readonly end: 'fin' | 'reset' | 'open'
}

/** What one behaviour writes to the wire. */
async function bytesOf(
  behaviour: Behaviour,
  { forMs = 300, limit = Number.POSITIVE_INFINITY } = {},
): Promise<Reading> {
  await using server = await faultServer({ routes: { 'GET /': behaviour } })
  return await new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    const socket = connect(server.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'))
    const done = (end: Reading['end']) => {
      clearTimeout(timer)
      socket.destroy()
      const bytes = Buffer.concat(chunks)
      resolve({ bytes, text: bytes.toString('latin1'), end })
    }
    const timer = setTimeout(done, forMs, 'open')
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      length += chunk.length
      if (length >= limit) done('open')
    })
    socket.on('end', () => done('fin'))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      expect(error.code).toBe('ECONNRESET')
      done('reset')
    })
  })
}

const order = { json: { id: '42' } }

describe('answer', () => {
  it('sends status, headers and JSON', async () => {
    await using server = await faultServer({
      routes: {
        'POST /': answer(201, { ...order, headers: { 'x-one': '1', 'set-cookie': ['a=1', 'b=2'] } }),
      },
    })
    const response = await fetch(server.url, { method: 'POST', body: 'x'.repeat(100_000) })
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({ id: '42' })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('has no body where the status forbids one', async () => {
    const { text } = await bytesOf(answer(204))
    expect(text).toMatch(/^HTTP\/1.1 204 No Content\r\n/)
    expect(text).toMatch(/\r\n\r\n$/)
  })

  it.each([
    [2, '2'],
    [-1, '-1'],
    ['soon', 'soon'],
    [new Date(0), 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ])('sends Retry-After %s', async (retryAfter, expected) => {
    await using server = await faultServer({ routes: { '*': answer(503, { retryAfter }) } })
    expect((await fetch(server.url)).headers.get('retry-after')).toBe(expected)
  })
})

describe('an answer that breaks off', () => {
  it.each([
    ['start', /^$/],
    ['headers', /^HTTP\/1.1 200 OK\r\ncontent-type: [\s\S]*[^\n]$/],
    ['body', /content-length: 11\r\n[\s\S]*\r\n\r\n{"id"$/],
    ['chunk', /transfer-encoding: chunked\r\n[\s\S]*\r\n\r\nb\r\n{"id"$/],
    ['between-chunks', /\r\n\r\nb\r\n{"id":"42"}\r\n$/],
  ] as const)('breaks off at %s', async (at, expected) => {
    const [stalled, closed, broken] = await Promise.all([
      bytesOf(stall({ at, ...order })),
      bytesOf(hangUp({ at, ...order })),
      bytesOf(reset({ at, ...order })),
    ])
    expect([stalled.end, closed.end, broken.end]).toEqual(['open', 'fin', 'reset'])
    for (const { text } of [stalled, closed, broken]) expect(text).toMatch(expected)
  })

  it('can end its silence', async () => {
    expect((await bytesOf(stall({ forMs: 20 }))).end).toBe('fin')
  })

  it('closes a connection as it is reused', async () => {
    await using server = await faultServer({ routes: { '*': closeReused() } })
    const replies = await new Promise<string>((resolve) => {
      let text = ''
      const socket = connect(server.port, '127.0.0.1', () =>
        socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
      )
      socket.once('data', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'))
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('end', () => resolve(text))
    })
    expect(replies.match(/HTTP\/1.1/g)).toHaveLength(1)
    expect(server.requests.map(({ faults }) => faults.at(-1))).toEqual(['answer 200', 'close reused'])
  })
})

describe('malformed answers', () => {
  it.each(malformations.filter((one) => one !== 'huge-header' && one !== 'longer-than-announced'))(
    '%s is refused by a strict parser',
    async (malformation) => {
      await using server = await faultServer({ routes: { '*': malformed(malformation) } })
      await expect(fetch(server.url).then((response) => response.text())).rejects.toThrow()
    },
  )

  it('has a huge header', async () => {
    expect((await bytesOf(malformed('huge-header'))).bytes.length).toBeGreaterThan(65_536)
  })

  it('sends garbage', async () => {
    expect(await bytesOf(garbage('\u0000\u0001'))).toMatchObject({ text: '\u0000\u0001', end: 'fin' })
  })
})

describe('bodies', () => {
  it('drips a body and ends it', async () => {
    const { text, end } = await bytesOf(drip({ bytes: 4, everyMs: 2, ...order }))
    expect(text).toMatch(/content-length: 11\r\n[\s\S]*{"id":"42"}$/)
    expect(end).toBe('fin')
  })

  it.each(['headers', 'body'] as const)('drips endless %s', async (at) => {
    const { text, end } = await bytesOf(drip({ at, everyMs: 5, endless: true }))
    expect(end).toBe('open')
    expect(text).toMatch(at === 'headers' ? /x-drip: xxxx*$/ : /(1\r\nx\r\n){4,}$/)
  })

  it('sends an endless body no faster than it is read', async () => {
    const { bytes, end } = await bytesOf(oversize(), { limit: 5_000_000 })
    expect(end).toBe('open')
    expect(bytes.length).toBeGreaterThanOrEqual(5_000_000)
  })

  it('announces a large body', async () => {
    await using server = await faultServer({
      routes: { '*': oversize({ bytes: 1_000_001, announced: true }) },
    })
    const response = await fetch(server.url)
    expect(response.headers.get('content-length')).toBe('1000001')
    expect((await response.arrayBuffer()).byteLength).toBe(1_000_001)
  })

  it('sends a gzip bomb that is valid', async () => {
    const { bytes } = await compressedBody(gzipBomb(20_000_000))
    expect(bytes.length).toBeLessThan(100_000)
    expect(gunzipSync(bytes).length).toBe(20 * 1_048_576)
  })

  it.each(['truncated-gzip', 'corrupt-gzip', 'not-gzip', 'unknown-coding', 'long-chain'] as const)(
    '%s cannot be read as gzip',
    async (encoding) => {
      const { bytes } = await compressedBody(brokenEncoding(encoding))
      if (encoding === 'long-chain')
        expect(gunzipSync(bytes).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]))
      else expect(() => gunzipSync(bytes)).toThrow()
    },
  )

  it('answers with a web page, or redirects', async () => {
    await using server = await faultServer({
      routes: {
        '/page': webPage(),
        '/loop': redirect(),
        '/away': redirect({ to: 'http://other/', status: 307 }),
      },
    })
    const get = (path: string) => fetch(server.url + path, { redirect: 'manual' })
    expect((await get('/page')).headers.get('content-type')).toMatch('text/html')
    expect((await get('/loop')).headers.get('location')).toBe('/loop')
    expect(await get('/away')).toMatchObject({ status: 307 })
  })
})

/** A body as it was on the wire. */
async function compressedBody(behaviour: Behaviour): Promise<{ bytes: Buffer }> {
  await using server = await faultServer({ routes: { '*': behaviour } })
  const { body } = await request(server.url)
  return { bytes: Buffer.from(await body.arrayBuffer()) }
}

describe('choices', () => {
  const statuses = async (url: string, count: number) => {
    const seen: number[] = []
    for (let index = 0; index < count; index++) seen.push((await fetch(url)).status)
    return seen
  }

  it('cycles', async () => {
    await using server = await faultServer({ routes: { '*': cycle([answer(503), [], answer(404)]) } })
    expect(await statuses(server.url, 5)).toEqual([503, 200, 404, 503, 200])
  })

  it('follows the phase', async () => {
    await using server = await faultServer({ routes: { '*': phases({ healthy: [], down: answer(503) }) } })
    expect(server.currentPhase).toBe('healthy')
    expect(await statuses(server.url, 1)).toEqual([200])
    server.phase('down')
    expect(await statuses(server.url, 1)).toEqual([503])
    expect(() => server.phase('dwon')).toThrow("the routes know 'healthy', 'down'")
  })

  it('follows a schedule by requests and by time', async () => {
    await using server = await faultServer({
      routes: {
        '*': schedule([
          { requests: 2, behaviour: answer(503) },
          { forMs: 60, behaviour: answer(404) },
          { behaviour: [] },
        ]),
      },
    })
    expect(await statuses(server.url, 4)).toEqual([503, 503, 404, 404])
    await new Promise((resolve) => setTimeout(resolve, 70))
    expect(await statuses(server.url, 1)).toEqual([200])
  })

  it('draws from distributions', () => {
    const half = () => 0.5
    expect(uniform(10, 20)(half)).toBe(15)
    expect(exponential(10)(half)).toBeCloseTo(6.93, 2)
    expect(lognormal(10)(half)).toBeCloseTo(10 * Math.exp(0.5 * -Math.sqrt(2 * Math.LN2)))
  })
})

describe('capacity', () => {
  it('works on so many at a time, in order, and refuses beyond the queue', async () => {
    const slots = capacity({ slots: 1, queue: 1 })
    await using server = await faultServer({ routes: { '*': [slots, delay(40)] } })
    const first = fetch(`${server.url}/1`)
    await server.received(1)
    const second = fetch(`${server.url}/2`)
    await server.received(2)
    expect([slots.busy, slots.queued]).toEqual([1, 1])
    expect((await fetch(`${server.url}/3`)).status).toBe(503)
    expect([(await first).status, (await second).status]).toEqual([200, 200])
    expect([slots.busy, slots.queued, slots.peakQueued, slots.refused]).toEqual([0, 0, 1, 1])
  })

  it.each([
    ['a delay', [delay(400), answer(200)]],
    ['a listener', (_: unknown, response: { end(): void }) => setTimeout(() => response.end(), 400)],
  ] as const)('holds the slot of %s whose client has gone', async (_name, work) => {
    const slots = capacity({ slots: 1 })
    await using server = await faultServer({ routes: { '*': [slots, work as Behaviour] } })
    const controller = new AbortController()
    const given = fetch(server.url, { signal: controller.signal })
    await server.received(1)
    controller.abort()
    await expect(given).rejects.toThrow()
    await expect.poll(() => server.stats().aborted).toBe(1)
    expect(slots.busy).toBe(1)
    await fetch(server.url)
    expect(server.stats()).toMatchObject({ requests: 2, answered: 1, aborted: 1, abandoned: 1, inFlight: 0 })
  })

  it('can be resized', async () => {
    const slots = capacity({ slots: 0 })
    await using server = await faultServer({ routes: { '*': slots } })
    const waiting = fetch(server.url)
    await server.received(1)
    slots.resize(1)
    expect((await waiting).status).toBe(200)
  })
})

describe('wrong options', () => {
  it.each([
    [() => answer(99), ['status']],
    [() => answer(200, { json: 1, body: 'x' }), ['json']],
    [() => answer(200, { jsn: 1 } as never), ['jsn']],
    [() => answer(200, { json: 1n, headers: { a: 1 } } as never), ['json', 'headers.a']],
    [() => stall({ at: 'middle', forMs: -1 } as never), ['at', 'forMs']],
    [() => reset({ status: 700 }), ['status']],
    [() => hangUp(null as never), ['']],
    [() => closeReused({ by: 'magic' } as never), ['by']],
    [
      () => drip({ at: 'start', bytes: 0, everyMs: 0, endless: 1 } as never),
      ['at', 'bytes', 'everyMs', 'endless'],
    ],
    [() => delay(undefined as never), ['']],
    [() => delay(-1), ['']],
    [() => malformed('odd' as never), ['']],
    [() => garbage(1 as never), ['']],
    [() => oversize({ announced: true }), ['announced']],
    [() => gzipBomb(1), ['bytes']],
    [() => brokenEncoding('odd' as never), ['']],
    [() => redirect({ to: 1, status: 200 } as never), ['to', 'status']],
    [() => capacity({ slots: -1, queue: 0.5 }), ['slots', 'queue']],
    [() => sometimes(2, 'x' as never), ['ratio', 'behaviour']],
    [() => cycle([]), ['']],
    [() => cycle([answer(), 1 as never]), ['[1]']],
    [() => phases({ a: 1 } as never), ['a']],
    [() => schedule([{ behaviour: [] }, { forMs: 1, requests: 1, behaviour: [] }]), ['[0]', '[1]']],
    [() => uniform(3, 2), ['max']],
    [() => exponential(-1), ['mean']],
    [() => lognormal(-1, -1), ['median', 'sigma']],
  ])('%s', (make, paths) => {
    let error: unknown
    try {
      make()
    } catch (caught) {
      error = caught
    }
    expect(isHoldfastError(error, 'CONFIG_INVALID')).toBe(true)
    expect((error as { problems: { path: string }[] }).problems.map(({ path }) => path)).toEqual(paths)
  })
})
