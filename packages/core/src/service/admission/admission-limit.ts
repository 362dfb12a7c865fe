import { latencyConstants as constants } from './latency-constants.js'
import { LatencyRound } from './latency-round.js'

/** What the end of a request says about the load; `neutral` nothing, `lost` that nobody waited for it any more. */
export type AdmissionOutcome = 'answered' | 'lost' | 'neutral'

/** Between what the limit moves. */
export interface AdmissionLimitSettings {
  readonly minLimit: number
  /** The limit while nothing speaks for a lower one. */
  readonly maxLimit: number
}

type State =
  | { readonly kind: 'open' }
  /** Slow; whether that is a queue shows in whether it gets longer. `first` is what was in flight when it began. */
  | { readonly kind: 'watching'; readonly untilMs: number; readonly latency: number; readonly first: number }
  | { readonly kind: 'limiting' }

/** What a round says besides its latency. */
interface Round {
  readonly lostShare: number
  readonly peak: number
  readonly now: number
}

const open: State = Object.freeze({ kind: 'open' })
const limiting: State = Object.freeze({ kind: 'limiting' })

/**
 * How many requests a server may work on at once.
 *
 * It bounds nothing until answers become slower and what is in flight grows without an end, as it does before a
 * queue, while slower work only makes it grow to a new level. From then on it keeps latency within some multiples of
 * the usual: by Little's law that is as many times the concurrency of whatever the requests queue for. Where a much
 * lower limit makes nothing faster there is no queue, and it is given up.
 *
 * It knows no clock: times are of one clock, in milliseconds. After TCP Vegas (Brakmo and Peterson 1995) and Netflix's
 * concurrency-limits, which limit at once and so refuse requests whenever work becomes slower.
 */
export class AdmissionLimit {
  readonly #settings: AdmissionLimitSettings
  /** Whole permits, what `#exact` is rounded down to. */
  value: number
  /** Permits in use, which whoever hands them out counts here. */
  inFlight = 0
  readonly #round = new LatencyRound()
  #state: State = open
  #exact: number
  /** The usual latency, and what has been found to be none of a queue; logarithms, as all latencies here. */
  #usual = Number.NaN
  #tolerated = Number.NEGATIVE_INFINITY
  #judgedAt = 0
  /** What began before says nothing about the limit since. */
  #since = Number.NEGATIVE_INFINITY
  #waitedAt = Number.NEGATIVE_INFINITY
  /** The most that was in flight in this time of limiting, 0 before the first round, and the latency with it. */
  #highest = 0
  #latencyAtHighest = 0
  #lostRounds = 0
  #slowAtLeast = 0
  #slowest = 0

  constructor(settings: AdmissionLimitSettings) {
    this.#settings = settings
    this.#exact = settings.maxLimit
    this.value = settings.maxLimit
  }

  /** Whether it bounds what is in flight because the server showed signs of overload. */
  get isLimiting(): boolean {
    return this.#state.kind === 'limiting'
  }

  /** The usual latency, in milliseconds; 0 while nothing is known. */
  get usualMs(): number {
    return Number.isNaN(this.#usual) ? 0 : Math.exp(this.#usual)
  }

  /** Somebody had to wait for a permit. */
  waited(now: number): void {
    this.#waitedAt = now
  }

  /** Takes in one outcome, while its permit still counts as in use. */
  settled(outcome: AdmissionOutcome, startedAt: number, now: number): void {
    const isLimiting = this.#state.kind === 'limiting'
    if (isLimiting && now - this.#waitedAt > constants.calmMs) this.#release()
    if (outcome === 'neutral' || startedAt < this.#since) return
    const latency = Math.log(Math.max(constants.leastMs, now - startedAt))
    // Who leaves soon has changed their mind. Who leaves late would have waited longer still.
    if (outcome === 'lost' && !(latency > this.#usual)) return
    const round = this.#round
    round.add(latency, outcome === 'lost', now)
    if (this.inFlight > round.peak) round.peak = this.inFlight
    if (round.isOver(isLimiting ? constants.limitedOutcomes : constants.openOutcomes, now)) this.#judge(now)
  }

  #judge(now: number): void {
    const { latency, lostShare, peak } = this.#round
    this.#round.reset()
    if (Number.isNaN(this.#usual)) this.#usual = latency
    if (this.#state.kind === 'limiting') this.#judgeLimited(latency, { lostShare, peak, now })
    else this.#judgeOpen(latency, { lostShare, peak, now })
    this.#judgedAt = now
  }

  #judgeOpen(latency: number, { lostShare, peak, now }: Round): void {
    const state = this.#state
    this.#lostRounds = this.#isForNobody(latency, lostShare) ? this.#lostRounds + 1 : 0
    if (this.#lostRounds >= constants.lostRounds) {
      this.#limit(peak / 2, now)
      return
    }
    const isSlow = latency > Math.max(this.#usual, this.#tolerated) + constants.suspicious
    // What makes callers leave must not become usual.
    if (!isSlow && lostShare <= constants.fewLost) this.#follow(latency, now)
    if (state.kind !== 'watching') {
      if (isSlow && this.inFlight >= constants.leastInFlight) this.#watch(latency, this.inFlight, now)
      return
    }
    if (isSlow && this.inFlight > state.first * constants.endlessGrowth) {
      this.#limit((this.inFlight * constants.target) / Math.exp(latency - this.#usual), now)
    } else if (now >= state.untilMs) {
      if (isSlow && latency > state.latency + constants.stillRising) this.#watch(latency, state.first, now)
      else {
        this.#state = open
        if (isSlow) this.#tolerated = latency
      }
    }
  }

  #watch(latency: number, first: number, now: number): void {
    const watchMs = Math.max(constants.leastWatchMs, constants.watchedLatencies * Math.exp(latency))
    this.#state = { kind: 'watching', untilMs: now + watchMs, latency, first }
  }

  #judgeLimited(latency: number, { lostShare, peak, now }: Round): void {
    if (latency < this.#usual) this.#follow(latency, now)
    const ratio = Math.exp(latency - this.#usual)
    if (this.#isForNobody(latency, lostShare)) this.#limit(this.#exact / 2, now)
    else if (ratio < constants.low) this.#limit(this.#exact * constants.raise + 1, now)
    else if (ratio <= constants.high) return
    else if (this.#isSlowByNature(latency, lostShare, peak)) {
      this.#usual = latency
      this.#release()
    } else if (this.#exact > this.#settings.minLimit) {
      this.#limit(this.#exact * Math.max(constants.mostCut, constants.target / ratio), now)
    }
  }

  /** Most callers have left, and the others were not served as usual. */
  #isForNobody(latency: number, lostShare: number): boolean {
    if (lostShare <= constants.mostlyLost) return false
    return lostShare >= constants.nearlyAllLost || latency > this.#usual + constants.suspicious
  }

  /** As slow with much less in flight, or at the least for some rounds; and nobody leaves: what callers have left behind is worked off first. */
  #isSlowByNature(latency: number, lostShare: number, peak: number): boolean {
    const isKept = lostShare <= constants.fewLost
    if (isKept && peak > this.#highest) {
      this.#highest = peak
      this.#latencyAtHighest = latency
    } else if (isKept && peak * constants.muchLower <= this.#highest) {
      if (latency > this.#latencyAtHighest + constants.hardlyFaster) return true
    }
    if (this.#exact > this.#settings.minLimit) return false
    const isAsSlow = isKept && latency > this.#slowest - constants.aboutAsSlow
    this.#slowAtLeast = isAsSlow ? this.#slowAtLeast + 1 : 0
    this.#slowest = isAsSlow ? Math.max(latency, this.#slowest) : latency
    return this.#slowAtLeast >= constants.roundsAtLeast
  }

  /** What is a little faster or slower at once, what is much slower reluctantly: it may be a queue. */
  #follow(latency: number, now: number): void {
    const by = latency - this.#usual
    let share = Math.min(constants.followFaster, (now - this.#judgedAt) / constants.followNearMs)
    if (by < -constants.near) share = constants.followFaster
    else if (by > constants.near) {
      share = Math.min(constants.followFaster, (now - this.#judgedAt) / constants.followSlowerMs)
    }
    this.#usual += by * share
    if (this.#tolerated > latency) this.#tolerated += (latency - this.#tolerated) * constants.forget
  }

  #limit(limit: number, now: number): void {
    const { minLimit, maxLimit } = this.#settings
    if (this.#state.kind !== 'limiting') {
      this.#state = limiting
      this.#waitedAt = now
      this.#highest = 0
    }
    this.#exact = Math.min(maxLimit, Math.max(minLimit, limit))
    this.value = Math.floor(this.#exact)
    this.#lostRounds = 0
    this.#slowAtLeast = 0
    this.#slowest = 0
    this.#since = now
  }

  #release(): void {
    this.#state = open
    this.#exact = this.#settings.maxLimit
    this.value = this.#settings.maxLimit
  }
}
