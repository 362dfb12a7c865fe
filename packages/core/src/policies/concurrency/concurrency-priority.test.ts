import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Priority } from '../../foundation/priority/index.js'
import { compose } from '../kernel/compose.js'
import type { Policy } from '../kernel/policy.js'
import { timeout } from '../timeout/timeout.js'
import { adaptiveConcurrency } from './adaptive-concurrency.js'
import { bulkhead } from './bulkhead.js'

const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

/** Calls that never end by themselves, and what became of each. */
function callsOf(limit: Policy<object>) {
  const states: string[] = []
  const ends: (() => void)[] = []
  const call = (priority: Priority): number => {
    const index = states.push('waiting') - 1
    const work = () =>
      new Promise<void>((resolve) => {
        states[index] = 'running'
        ends[index] = resolve
      })
    limit.execute(work, { priority }).then(
      () => {
        states[index] = 'done'
      },
      (error) => {
        states[index] = error.message.split(':')[0]
      },
    )
    return index
  }
  const end = async (index: number) => {
    ends[index]?.()
    await turn()
  }
  return { call, end, states }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(async () => {
  await vi.runAllTimersAsync()
  vi.useRealTimers()
})

describe.each([
  ['an adaptive limit', () => adaptiveConcurrency({ initialLimit: 1, maxLimit: 1, maxQueue: 3 })],
  ['a bulkhead', () => bulkhead({ maxConcurrent: 1, maxQueue: 3 })],
])('%s', (_, make) => {
  it('lets the most important go first, and among equals who came first', async () => {
    const { call, end, states } = callsOf(make())
    const running = call('default')
    const batch = call('batch')
    const first = call('default')
    const second = call('default')
    await turn()
    await end(running)
    expect([batch, first, second].map((index) => states[index])).toEqual(['waiting', 'running', 'waiting'])
    await end(first)
    await end(second)
    expect(states[batch]).toBe('running')
  })

  it('turns out the least important where the queue is full', async () => {
    const { call, states } = callsOf(make())
    call('default')
    const batch = call('batch')
    const first = call('default')
    call('default')
    const displacing = call('default')
    await turn()
    expect([batch, first, displacing].map((index) => states[index])).toEqual([
      'queue full',
      'waiting',
      'waiting',
    ])
    const refused = call('batch')
    await turn()
    expect(states[refused]).toBe('queue full')
  })
})

describe('an adaptive limit', () => {
  it('has a tenth more permits for critical calls, one at least, and leaves a tenth of them to others than batch', async () => {
    const { call, states } = callsOf(adaptiveConcurrency({ initialLimit: 10, maxLimit: 10 }))
    const running = () => states.filter((state) => state === 'running').length
    for (let n = 0; n < 20; n++) call('batch')
    await turn()
    expect(running()).toBe(9)
    for (let n = 0; n < 20; n++) call('default')
    await turn()
    expect(running()).toBe(10)
    for (let n = 0; n < 20; n++) call('critical')
    await turn()
    expect(running()).toBe(11)
  })

  it('gives who waits no permit that is reserved for others', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 10, maxLimit: 10 })
    const { call, end, states } = callsOf(limit)
    const first = Array.from({ length: 11 }, () => call('critical'))
    const batch = call('batch')
    await turn()
    await end(first[0] as number)
    await end(first[1] as number)
    expect([limit.inFlight, states[batch]]).toEqual([9, 'waiting'])
    const other = call('default')
    await turn()
    expect(states[other]).toBe('running')
    await end(first[2] as number)
    await end(first[3] as number)
    expect(states[batch]).toBe('running')
  })

  it('has nobody wait for a timer while only a reserve is left, and sheds once that is gone', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 10, maxLimit: 10 })
    const { call, states } = callsOf(limit)
    for (let n = 0; n < 9; n++) call('default')
    const batch = call('batch')
    await turn(2_000)
    expect([states[batch], limit.queued, vi.getTimerCount()]).toEqual(['waiting', 1, 0])
    call('default')
    const waiting = call('default')
    await turn(999)
    expect([batch, waiting].map((index) => states[index])).toEqual(['waiting', 'waiting'])
    await turn(2)
    expect([batch, waiting].map((index) => states[index])).toEqual(['shed', 'shed'])
    expect([limit.queued, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('sheds who waits for more than a reserve once a lower limit leaves none', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 10, maxLimit: 10 })
    const { call, states } = callsOf(limit)
    for (let n = 0; n < 9; n++) call('default')
    const batch = call('batch')
    await turn()
    limit.update({ initialLimit: 5, maxLimit: 5 })
    await turn(1_001)
    expect([states[batch], limit.queued, vi.getTimerCount()]).toEqual(['shed', 0, 0])
  })

  it('sheds the least important at the same moment first, and critical calls only after ten times as long', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1, maxLimit: 1 })
    const { call, states } = callsOf(limit)
    call('critical')
    call('critical')
    await turn(995)
    const shed: string[] = []
    limit.on('shed', ({ execution }) => shed.push(execution.priority))
    const [usual, batch, critical] = [call('default'), call('batch'), call('critical')]
    await turn(11)
    expect([usual, batch, critical].map((index) => states[index])).toEqual(['shed', 'shed', 'waiting'])
    expect(shed).toEqual(['batch', 'default'])
    await turn(88)
    expect(states[critical]).toBe('waiting')
    await turn(2)
    expect(states[critical]).toBe('shed')
    expect([limit.queued, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('keeps others as patient as ever while batch calls wait for a permit that they leave to them', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 10, maxLimit: 10 })
    const { call, end, states } = callsOf(limit)
    const first = call('default')
    for (let n = 0; n < 8; n++) call('default')
    const batch = call('batch')
    const last = call('default')
    await turn()
    await end(first)
    expect([limit.inFlight, states[batch], states[last]]).toEqual([9, 'waiting', 'running'])
    await turn(2_000)
    const burst = Array.from({ length: 3 }, () => call('default'))
    await turn(100)
    expect(burst.map((index) => states[index])).toEqual(['running', 'waiting', 'waiting'])
    expect(states[batch]).toBe('waiting')
  })

  it('takes its priority along through other policies', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1, maxLimit: 1 })
    const policy = compose(timeout({ timeoutMs: 60_000 }), limit)
    const { call, end, states } = callsOf(policy)
    const running = call('default')
    call('default')
    const critical = call('critical')
    await turn()
    // One that is critical finds room beyond the limit, so another has to wait.
    const another = call('critical')
    await turn()
    await end(running)
    await end(critical)
    expect(states[another]).toBe('running')
  })
})
