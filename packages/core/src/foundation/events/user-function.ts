import { isThenable } from '../cancellation/index.js'
import { warnOfListener } from './emitter.js'

/**
 * A function of the user's that is asked while a call fails, and must not fail it in another way: `otherwise` stands in
 * for its answer when it throws, which is reported as a process warning, once.
 */
export function guarded<Arguments extends readonly unknown[], Answer>(
  name: string,
  ask: (...args: Arguments) => Answer,
  otherwise: (...args: Arguments) => Answer,
): (...args: Arguments) => Answer {
  let isReported = false
  return (...args) => {
    try {
      return ask(...args)
    } catch (error) {
      if (!isReported) warnOfListener(name, error)
      isReported = true
      return otherwise(...args)
    }
  }
}

/**
 * A condition of the user's, which does not hold where it throws. Nor where it is async: each promise is true, whatever
 * it is of.
 */
export function guardedCondition<Subject>(
  name: string,
  holds: (subject: Subject) => boolean,
): (subject: Subject) => boolean {
  const checked = (subject: Subject): boolean => {
    const held: unknown = holds(subject)
    if (!isThenable(held)) return Boolean(held)
    held.then(undefined, () => {})
    throw new TypeError('it gave a promise; it must say at once whether it holds')
  }
  return guarded(name, checked, () => false)
}

/** A source of chance that is one: what is not from 0 to 1 is replaced by `Math.random()` and reported, once. */
export function guardedRandom(random: () => number): () => number {
  if (random === Math.random) return random
  const checked = (): number => {
    const drawn: unknown = random()
    if (typeof drawn === 'number' && drawn >= 0 && drawn <= 1) return drawn
    throw new RangeError(`it gave ${String(drawn)}, which is not from 0 to below 1`)
  }
  return guarded('random', checked, Math.random)
}
