import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Priority } from '../../foundation/priority/index.js'
import { AdmissionControl, type Waiting } from './admission-control.js'
import { type AdmissionOptions, resolveAdmission } from './admission-options.js'

class Visitor implements Waiting {
  readonly priority: Priority
  readonly since = performance.now()
  earlier: Waiting | undefined = undefined
  later: Waiting | undefined = undefined
  isQueued = false
  state = 'waiting'

  constructor(priority: Priority = 'default') {
    this.priority = priority
  }

  admitted(): void {
    expect(this.state).toBe('waiting')
    this.state = 'admitted'
  }

  refused(reason: string): void {
    expect(this.state).toBe('waiting')
    this.state = reason
  }
}

function arrive(control: AdmissionControl, priority: Priority = 'default'): Visitor {
  const visitor = new Visitor(priority)
  if (control.tryAdmit(priority)) visitor.admitted()
  else control.wait(visitor, performance.now())
  return visitor
}

const leave = (control: AdmissionControl): void => {
  control.settled('neutral', performance.now(), performance.now())
}
const full = (options: AdmissionOptions = {}): AdmissionControl => {
  const control = new AdmissionControl(resolveAdmission({ maxLimit: 1, ...options }))
  arrive(control)
  return control
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  // Who still waits is refused, so that no shared timer outlives the clock that it was set by.
  vi.runAllTimers()
  vi.useRealTimers()
})

describe('admission', () => {
  it('lets in up to the limit, one more where it is critical, one less of ten where it is batch', () => {
    const control = new AdmissionControl(resolveAdmission({ maxLimit: 10 }))
    const states = (priority: Priority, count: number) =>
      Array.from({ length: count }, () => arrive(control, priority).state)
    expect(states('batch', 10)).toEqual([...Array<string>(9).fill('admitted'), 'waiting'])
    expect(states('default', 2)).toEqual(['admitted', 'waiting'])
    expect(states('critical', 2)).toEqual(['admitted', 'waiting'])
    expect([control.inFlight, control.queued]).toEqual([11, 3])
  })

  it('has a burst wait in its order, and sheds what is old in a queue that stands, the newest going first', () => {
    const control = full()
    const early = arrive(control)
    const next = arrive(control)
    leave(control)
    expect([early.state, next.state]).toEqual(['admitted', 'waiting'])
    vi.advanceTimersByTime(95)
    const late = arrive(control)
    vi.advanceTimersByTime(5)
    expect([next.state, late.state]).toEqual(['shed', 'waiting'])
    const latest = arrive(control)
    leave(control)
    expect([late.state, latest.state]).toEqual(['waiting', 'admitted'])
    vi.advanceTimersByTime(11)
    expect(late.state).toBe('shed')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('sheds no critical request before its time, and lets it go first', () => {
    const control = new AdmissionControl(resolveAdmission({ maxLimit: 1 }))
    arrive(control, 'critical')
    arrive(control, 'critical')
    const critical = arrive(control, 'critical')
    const usual = arrive(control)
    vi.advanceTimersByTime(400)
    expect([critical.state, usual.state]).toEqual(['waiting', 'shed'])
    vi.advanceTimersByTime(100)
    expect(critical.state).toBe('queue timeout')
  })

  it('turns out the least important when the queue is full', () => {
    const control = full({ maxQueue: 2 })
    const usual = arrive(control)
    const batch = arrive(control, 'batch')
    arrive(control, 'critical')
    expect(control.queued).toBe(2)
    const more = arrive(control)
    expect([usual.state, batch.state, more.state]).toEqual(['waiting', 'queue full', 'waiting'])
    expect(arrive(control).state).toBe('queue full')
  })

  it('forgets who no longer wants to be let in', () => {
    const control = full()
    const visitor = arrive(control)
    control.withdraw(visitor)
    control.withdraw(visitor)
    leave(control)
    vi.runAllTimers()
    expect([visitor.state, control.inFlight, control.queued]).toEqual(['waiting', 0, 0])
  })
})

type Step = { readonly do: 'arrive' | 'end' | 'wait' | 'withdraw'; readonly pick: number }

const priorities = ['critical', 'default', 'batch'] as const
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('arrive', 'arrive', 'end', 'wait', 'withdraw'),
  pick: fc.nat(1_000),
})

describe('any sequence of arrivals, ends, waits and withdrawals', () => {
  it('keeps permits within the limit and the queue within its bound, and settles everybody once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), fc.integer({ min: 1, max: 12 }), (steps, maxLimit) => {
        const control = new AdmissionControl(resolveAdmission({ maxLimit, maxQueue: 4 }))
        const visitors: Visitor[] = []
        let ended = 0
        for (const { do: action, pick } of steps) {
          if (action === 'arrive') visitors.push(arrive(control, priorities[pick % 3]))
          else if (action === 'wait') vi.advanceTimersByTime(pick)
          else if (action === 'withdraw') {
            const visitor = visitors[pick % Math.max(1, visitors.length)]
            if (visitor?.isQueued) {
              control.withdraw(visitor)
              visitor.state = 'withdrawn'
            }
          } else if (control.inFlight > 0) {
            ended++
            control.settled(
              pick % 3 === 0 ? 'lost' : 'answered',
              performance.now() - (pick % 50),
              performance.now(),
            )
          }
          const admitted = visitors.filter(({ state }) => state === 'admitted').length
          expect(control.inFlight).toBe(admitted - ended)
          expect(control.inFlight).toBeLessThanOrEqual(maxLimit + Math.max(1, Math.floor(maxLimit / 10)))
          expect(control.queued).toBeLessThanOrEqual(4)
          expect(visitors.filter(({ isQueued }) => isQueued)).toHaveLength(control.queued)
          if (control.queued > 0) expect(control.inFlight).toBeGreaterThanOrEqual(Math.ceil(maxLimit * 0.9))
        }
        vi.advanceTimersByTime(1_000)
        while (control.inFlight > 0) leave(control)
        expect(visitors.filter(({ state }) => state === 'waiting')).toEqual([])
        expect([control.queued, vi.getTimerCount()]).toEqual([0, 0])
      }),
    )
  })
})
