import type { ResolvedEjection } from './balancing-options.js'
import type { EndpointGuard, EndpointState } from './endpoint-state.js'

/** Why an endpoint was ejected. */
export type EjectionReason = 'consecutive failures' | 'failure ratio'

type State = EndpointState<EndpointGuard>

/** What the shares of failures must differ by at least, so that two bad minutes are not taken for a bad endpoint. */
const leastDifference = 0.2
const standardDeviations = 3

/**
 * Finds the endpoints that do worse than the others, as Envoy's outlier detection does: by failures in a row, and by
 * comparing the shares of failures at the end of every interval. Envoy compares with the mean and the deviation of
 * all, which cannot find one bad endpoint among three; here each is compared with all the others together.
 *
 * It has no timer: an interval ends with the first outcome after it.
 */
export class OutlierDetector {
  readonly #options: ResolvedEjection
  #judgeAt: number

  constructor(options: ResolvedEjection, now: number) {
    this.#options = options
    this.#judgeAt = now + options.intervalMs
  }

  /** Counts an outcome; says whether the endpoint is to be ejected for it. */
  isOut(endpoint: State, failed: boolean): boolean {
    if (!failed) {
      endpoint.successes++
      endpoint.failuresInARow = 0
      return false
    }
    endpoint.failures++
    endpoint.failuresInARow++
    return endpoint.failuresInARow >= this.#options.consecutiveFailures
  }

  /** Whether an interval has ended, so that `outliers` is to be asked. */
  isDue(now: number): boolean {
    return now >= this.#judgeAt
  }

  /** Those that did worse than the others in the interval that has ended; begins the next. */
  outliers(endpoints: Iterable<State>, now: number): State[] {
    this.#judgeAt = now + this.#options.intervalMs
    const all = [...endpoints]
    let successes = 0
    let failures = 0
    for (const endpoint of all) {
      successes += endpoint.successes
      failures += endpoint.failures
    }
    const found = all.filter((endpoint) => {
      const calls = endpoint.successes + endpoint.failures
      const others = successes + failures - calls
      if (calls < this.#options.minimumCalls || others < this.#options.minimumCalls) return false
      const usual = (failures - endpoint.failures) / others
      const noise = standardDeviations * Math.sqrt((usual * (1 - usual)) / calls)
      return endpoint.failures / calls > usual + Math.max(leastDifference, noise)
    })
    for (const endpoint of all) this.#beginInterval(endpoint, now)
    return found
  }

  /** Marks it ejected; gives for how many milliseconds. Each time is longer than the one before. */
  eject(endpoint: State, now: number): number {
    const { baseEjectionMs, maxEjectionMs } = this.#options
    endpoint.ejections++
    const ms = Math.min(maxEjectionMs, baseEjectionMs * endpoint.ejections)
    endpoint.ejectedUntil = now + ms
    return ms
  }

  /**
   * Lets it back in, on probation: as if nothing were known, so that it is tried soon, with one call at a time until one
   * succeeds; the next failure ejects it again.
   */
  readmit(endpoint: State): void {
    endpoint.ejectedUntil = 0
    endpoint.failuresInARow = this.#options.consecutiveFailures - 1
    endpoint.onProbation = true
    endpoint.cost.forget()
  }

  #beginInterval(endpoint: State, now: number): void {
    const wasWell = endpoint.ejectedUntil <= now && endpoint.failures === 0 && endpoint.successes > 0
    if (wasWell && endpoint.ejections > 0) endpoint.ejections--
    endpoint.successes = 0
    endpoint.failures = 0
  }
}
