/**
 * What two deadlines cost, of a call and of its attempt, that do not run out: timers of their own, and the timers that
 * calls share. 32 calls are in flight.
 */
import { BasePolicy, compose, DeadlineExceededError, type Policy, type Step, timeout } from '@holdfast/core'
import { measure, print } from './measure.js'

const inFlight = 32
const totalMs = 10_000
const attemptMs = 3_000

/** Settles in the next turn of the event loop, so that calls overlap as requests do. */
const work = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The deadline as it is usually written: a timer of its own for every call. */
class TimerOfItsOwn extends BasePolicy {
  readonly #timeoutMs: number

  constructor(timeoutMs: number) {
    super()
    this.#timeoutMs = timeoutMs
  }

  link<Data>(next: Step<Data>): Step<Data> {
    return async (execution) => {
      const part = execution.fork()
      const timer = setTimeout(() => part.abort(new DeadlineExceededError()), this.#timeoutMs)
      try {
        return await next(part)
      } finally {
        clearTimeout(timer)
        part.release()
      }
    }
  }
}

/** The same without a timer, which is what the others are compared with. */
class NoTimer extends BasePolicy {
  link<Data>(next: Step<Data>): Step<Data> {
    return async (execution) => {
      const part = execution.fork()
      try {
        return await next(part)
      } finally {
        part.release()
      }
    }
  }
}

const around = (policy: Policy) => () =>
  Promise.all(Array.from({ length: inFlight }, () => policy.execute(work)))

const results = await measure(
  {
    'no deadlines': around(compose(new NoTimer(), new NoTimer())),
    'shared timers': around(
      compose(timeout({ timeoutMs: totalMs }), timeout({ timeoutMs: attemptMs, scope: 'attempt' })),
    ),
    'timers of their own': around(compose(new TimerOfItsOwn(totalMs), new TimerOfItsOwn(attemptMs))),
  },
  { runs: 400 },
)
print(results, 'no deadlines')

const { 'no deadlines': none, 'shared timers': shared, 'timers of their own': own } = results
console.log(`\nthe deadlines alone: timers of their own cost ${((own - none) / (shared - none)).toFixed(1)}x`)
