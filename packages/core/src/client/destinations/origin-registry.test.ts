import { expect, test } from 'vitest'
import { OptionCheck } from '../../foundation/config/index.js'
import { Emitter } from '../../foundation/events/index.js'
import { Execution } from '../../policies/index.js'
import { resolveProtection } from '../settings/resolve-protection.js'
import type { RepeatableCall } from '../slots/policy-slot.js'
import { OriginRegistry } from './origin-registry.js'

function openRegistry() {
  const check = new OptionCheck('test')
  const protection = resolveProtection(check, {})
  const exchange = { send: () => new Promise<never>(() => {}), read: () => undefined }
  return new OriginRegistry<never, RepeatableCall>(
    { protection, events: new Emitter(), own: undefined },
    exchange,
  )
}

const originsOf = (registry: OriginRegistry<never, RepeatableCall>) =>
  registry.stats({}).map(({ origin }) => origin)

test('an origin keeps its policies', () => {
  const registry = openRegistry()
  const first = registry.entryOf('http://a')
  expect(registry.entryOf('http://b').circuitBreaker).not.toBe(first.circuitBreaker)
  expect(registry.entryOf('http://a')).toBe(first)
  expect(first.dependency).toBe('a')
  registry.close()
})

test('of more than 100 origins the longest unused is forgotten, unless calls are on their way to it', () => {
  const registry = openRegistry()
  registry.entryOf('http://busy').active++
  const held = registry.entryOf('http://held')
  const call: RepeatableCall = {
    operation: 'GET',
    request: undefined,
    replayable: true,
    context: undefined,
    latency: held.latency,
    failure: undefined,
    verdict: undefined,
  }
  void held.step(Execution.start(() => undefined, call))
  for (let index = 0; index < 98; index++) registry.entryOf(`http://o${index}`)
  registry.entryOf('http://o0')
  registry.entryOf('http://new')
  expect(originsOf(registry)).toHaveLength(100)
  expect(originsOf(registry)).not.toContain('http://o1')
  expect(originsOf(registry)).toEqual(
    expect.arrayContaining(['http://busy', 'http://held', 'http://o0', 'http://new']),
  )
  registry.close()
})
