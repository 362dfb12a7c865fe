import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openFleet, ScriptedResolver } from '../../../test/fixtures/client-fleet.js'
import { scriptedTransport } from '../../testing.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const [bad, good] = ['http://bad:1', 'http://good:1'] as const

function openPair(circuitBreaker = {}) {
  const down = new Set<string>([bad])
  const dispatcher = scriptedTransport(({ origin }) => (down.has(origin) ? { status: 503 } : { json: [] }))
  const resolver = new ScriptedResolver()
  // Every other call to each, so that the bad one is probed as soon as it may be.
  const balancing = { algorithm: 'roundRobin', ejection: false } as const
  const options = { dispatcher, balancing, retry: false, random: () => 0.999, circuitBreaker } as const
  const client = openFleet(resolver, options)
  resolver.say({ url: bad }, { url: good })
  const openings: number[] = []
  client.$on('open', ({ origin, openMs }) => {
    if (origin === bad) openings.push(Math.round(openMs / 1_000))
  })
  const call = async (times: number): Promise<void> => {
    for (let made = 0; made < times; made++) {
      await vi.advanceTimersByTimeAsync(500)
      await client.listOrders.safe()
    }
  }
  return { call, client, down, openings, resolver }
}

it('a breaker stays open for up to 60 s while another endpoint is well', async () => {
  const { call, openings } = openPair()
  await call(600)
  expect(openings.slice(0, 6)).toEqual([2, 4, 8, 16, 32, 60])
})

it('and for up to 5 s when none is well any more', async () => {
  const { call, client, down } = openPair()
  await call(300)
  const retryAfterMs = () => client.$circuitBreakers().map((breaker) => breaker.retryAfterMs)
  while ((retryAfterMs()[0] ?? 0) < 20_000) await call(1)
  down.add(good)
  while (retryAfterMs()[1] === undefined) await call(1)
  expect(Math.max(...retryAfterMs().map((ms) => ms ?? 0))).toBeLessThanOrEqual(5_000)
  // Both are well again: none keeps calls away for longer than that.
  down.clear()
  await call(11)
  await call(40)
  expect(client.$circuitBreakers().map(({ state }) => state)).toEqual(['closed', 'closed'])
})

it('also when the one that was well is listed no more', async () => {
  const { call, client, resolver } = openPair()
  await call(300)
  while ((client.$circuitBreakers()[0]?.retryAfterMs ?? 0) < 20_000) await call(1)
  resolver.say({ url: bad })
  expect(client.$circuitBreakers()[0]?.retryAfterMs).toBeLessThanOrEqual(5_000)
})

it('unless the client says how long', async () => {
  const { call, openings } = openPair({ maxOpenMs: 6_000 })
  await call(200)
  expect(openings.slice(0, 4)).toEqual([2, 4, 6, 6])
})
