import dns from 'node:dns'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AddressRace, addressesOf, type ConnectTo } from './race-addresses.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Connects after so many milliseconds, or fails; never where an address is not named. */
function network(answers: Record<string, number | Error>) {
  const tried: string[] = []
  const destroyed: string[] = []
  const connect: ConnectTo = (address, done) => {
    tried.push(address)
    const socket = Object.assign(new EventEmitter(), { destroy: () => destroyed.push(address), address })
    const answer = answers[address]
    if (answer instanceof Error) setTimeout(() => done(answer), 1)
    else if (answer !== undefined) setTimeout(() => done(null, socket as never), answer)
    return socket as unknown as Socket
  }
  return { connect, tried, destroyed }
}

function race(addresses: string[], connect: ConnectTo) {
  const done = vi.fn()
  return { done, race: new AddressRace(addresses, connect, done) }
}

test('an address that is slow is not given up because the next one is dead', async () => {
  const { connect } = network({ slow: 900, dead: new Error('refused') })
  const { done } = race(['slow', 'dead'], connect)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(done.mock.calls).toEqual([[null, expect.objectContaining({ address: 'slow' })]])
})

test('the next address is tried after a head start, and at once where the one before fails', async () => {
  const { connect, tried, destroyed } = network({ b: new Error('refused'), c: 10 })
  const { done } = race(['a', 'b', 'c', 'd'], connect)
  await vi.advanceTimersByTimeAsync(249)
  expect(tried).toEqual(['a'])
  await vi.advanceTimersByTimeAsync(20)
  expect(tried).toEqual(['a', 'b', 'c'])
  expect(done).toHaveBeenCalledExactlyOnceWith(null, expect.objectContaining({ address: 'c' }))
  expect(destroyed).toEqual(['a'])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(tried).toHaveLength(3)
})

test('all errors are told when every address fails, and the only one as it is', async () => {
  const one = new Error('one')
  const two = new Error('two')
  const { connect } = network({ a: one, b: two })
  const both = race(['a', 'b'], connect)
  const single = race(['a'], connect)
  await vi.advanceTimersByTimeAsync(10)
  expect(both.done.mock.calls[0]?.[0]).toMatchObject({ errors: [one, two] })
  expect(single.done.mock.calls[0]?.[0]).toBe(one)
})

test('ends when it is told to, and leaves nothing behind', async () => {
  const { connect, destroyed } = network({})
  const { done, race: running } = race(['a', 'b', 'c'], connect)
  await vi.advanceTimersByTimeAsync(300)
  const error = new Error('too late')
  running.end(error)
  running.end(new Error('later still'))
  expect(done).toHaveBeenCalledExactlyOnceWith(error, undefined)
  expect(destroyed).toEqual(['a', 'b'])
  expect(vi.getTimerCount()).toBe(0)
})

test('the families of a name take turns', async () => {
  const found = ['::1', '::2', '::3', '127.0.0.1'].map((address) => ({ address, family: 0 }))
  const lookup = vi
    .spyOn(dns, 'lookup')
    .mockImplementation(((_: string, __: object, done: (error: null, addresses: object) => void) =>
      done(null, found)) as never)
  const done = vi.fn()
  addressesOf('orders', done)
  lookup.mockRestore()
  expect(done).toHaveBeenCalledWith(null, ['::1', '127.0.0.1', '::2', '::3'])
})
