import type { LimitVerdict } from './limit-verdict.js'
import { LossHistory } from './loss-history.js'

/** The constants of an adaptive limit. `docs/decisions/0008-adaptive-concurrency.md` tells where they come from. */
export interface AdaptiveLimitSettings {
  readonly minLimit: number
  readonly maxLimit: number
  readonly initialLimit: number
  /** The least that a success adds after the first cut. */
  readonly leastGrowth: number
  /** This many outcomes make a round; */
  readonly roundOutcomes: number
  /** a round of which a larger share than this was lost cuts the limit, */
  readonly lossShare: number
  /** by this much of the share. */
  readonly lossCut: number
  /** An answer that took a larger part than this of the time it had is slow. */
  readonly slowRatio: number
  /** A streak of this many calls without a fast answer cuts the limit, */
  readonly streakOutcomes: number
  /** and so does one that lasts this long, in milliseconds, */
  readonly streakMs: number
  /** with this many calls that began after the last fast answer. */
  readonly leastOutcomes: number
  /** Where slowness is to be brought, as a share of `slowRatio`. */
  readonly slowCut: number
  /** Slowness alone never takes the limit below this, nor does a first streak of losses. */
  readonly slowFloor: number
}

/** Answers that stay slower than this share of what they were when slowness was first met, at a few at a time, are slow by nature. */
const unmovedShare = 0.75
/** How much slower than that they may then become before it counts as slowness again. */
const acceptedMargin = 1.25

/**
 * A limit that grows with successes and is cut when a dependency shows that it is asked for more than it can bear:
 * when most calls of a round are lost, or when for a whole streak of calls nothing was fast, as behind a standing
 * queue.
 *
 * It knows no clock: `now` and `startedAt` are of one clock, in milliseconds. Additive increase and multiplicative
 * decrease as in TCP Reno; the fastest of a streak tells a standing queue from a slow call, as the least delay of an
 * interval does in CoDel (Nichols and Jacobson 2012).
 */
export class AdaptiveLimit {
  #settings: AdaptiveLimitSettings
  readonly #history = new LossHistory()
  /** Whole permits, what `#exact` is rounded down to. */
  value: number
  /** Permits in use, which whoever hands them out counts here. */
  inFlight = 0
  /** When it was last cut. What began before says nothing about the limit since. */
  cutAt = Number.NEGATIVE_INFINITY
  #exact: number
  #peak = 0
  readonly #round = new Tally()
  /** What has settled since the last fast answer and was lost or slow. */
  readonly #streak = new Tally()
  #fastAt = Number.NEGATIVE_INFINITY
  /** The fastest of the streak that first was slow, and the limit then; 0 while answers are fast. */
  #firstSlow = 0
  #beforeSlow = 0
  /** Up to this part of their time answers are taken to be slow by nature. */
  #accepted = 0

  constructor(settings: AdaptiveLimitSettings) {
    this.#settings = settings
    this.#exact = settings.initialLimit
    this.value = settings.initialLimit
  }

  /** From now on by other constants. What has been learnt stays, within the new bounds. */
  takeOn(settings: AdaptiveLimitSettings): void {
    this.#settings = settings
    this.#set(Math.min(settings.maxLimit, Math.max(settings.minLimit, this.#exact)))
  }

  /**
   * Takes in one outcome, while its permit still counts as in use.
   *
   * @param allowedMs how long the call was allowed to take; `Infinity` without a timeout.
   */
  settled(verdict: LimitVerdict, startedAt: number, now: number, allowedMs: number): void {
    if (verdict === 'neutral' || startedAt < this.cutAt) return
    if (this.inFlight > this.#peak) this.#peak = this.inFlight
    const { slowRatio, roundOutcomes } = this.#settings
    const isLost = verdict === 'overload'
    const ratio = isLost ? Number.POSITIVE_INFINITY : (now - startedAt) / allowedMs
    this.#round.add(isLost, ratio, startedAt, now)
    if (ratio <= Math.max(slowRatio, this.#accepted)) this.#fast(ratio, now)
    else {
      // Of a crowd the slowest come last, and alone: they say little while others were fast.
      const isCertain = this.#fastAt <= startedAt
      const isLikely = !isLost && this.#fastAt <= (startedAt + now) / 2
      if (isCertain || isLikely) this.#streak.add(isLost, ratio, startedAt, now)
      if (isCertain) this.#streak.certain++
      if (this.#isLong(this.#streak, now)) this.#judgeStreak(now)
    }
    if (this.#round.outcomes >= roundOutcomes) this.#judgeRound(now)
  }

  #isLong(streak: Tally, now: number): boolean {
    const { streakOutcomes, streakMs, leastOutcomes } = this.#settings
    return (
      streak.outcomes >= streakOutcomes || (streak.certain >= leastOutcomes && now - streak.since >= streakMs)
    )
  }

  #fast(ratio: number, now: number): void {
    const { maxLimit, leastGrowth, slowRatio } = this.#settings
    this.#fastAt = now
    if (this.#streak.outcomes > 0) this.#streak.reset()
    if (ratio <= slowRatio) this.#firstSlow = 0
    if (ratio <= slowRatio / 2) this.#accepted = 0
    if (this.inFlight * 2 < this.#exact) return
    const step = this.cutAt > Number.NEGATIVE_INFINITY ? Math.max(1 / this.#exact, leastGrowth) : 1
    this.#set(Math.min(maxLimit, this.#exact + step))
  }

  /** Most of a round was lost, as where a server refuses what it cannot serve. */
  #judgeRound(now: number): void {
    const { lossShare } = this.#settings
    const { outcomes, losses, lostSince } = this.#round
    this.#history.add(now, outcomes, losses)
    this.#round.reset()
    const share = losses / outcomes
    if (share > lossShare && this.#history.shareSince(lostSince) > lossShare)
      this.#lost(share, now, this.#settings.minLimit)
    else this.#peak = 0
  }

  /** Nothing was fast for a while. */
  #judgeStreak(now: number): void {
    const { outcomes, losses, fastest } = this.#streak
    const { outcomes: all, losses: lost } = this.#round
    this.#history.add(now, all, lost)
    this.#round.reset()
    this.#streak.reset()
    // A few calls that are lost are little to go by: below the floor only those count that were lost at it.
    const { minLimit, slowFloor } = this.#settings
    const floor = this.#exact > slowFloor ? Math.max(minLimit, slowFloor) : minLimit
    if (losses > outcomes / 2) this.#lost(losses / outcomes, now, floor)
    else this.#slow(fastest, now)
  }

  #lost(share: number, now: number, floor: number): void {
    this.#beforeSlow = 0
    this.#cut(1 - share * this.#settings.lossCut, floor, now)
  }

  #slow(fastest: number, now: number): void {
    const { slowRatio, slowCut, slowFloor } = this.#settings
    if (this.#firstSlow === 0) {
      this.#firstSlow = fastest
      this.#beforeSlow = this.#exact
    }
    if (this.#exact > slowFloor) {
      // By Little's law this share of what is in flight would bring the queue to where it no longer is slow.
      this.#cut(Math.max(0.25, (slowCut * slowRatio) / fastest), slowFloor, now)
    } else if (fastest > this.#firstSlow * unmovedShare) {
      this.#accepted = fastest * acceptedMargin
      this.#firstSlow = 0
      if (this.#beforeSlow > this.#exact) this.#set(this.#beforeSlow)
    }
  }

  /** From what was in use: a limit far above it would take many cuts before it binds. */
  #cut(factor: number, floor: number, now: number): void {
    const used = Math.min(this.#exact, this.#peak)
    this.cutAt = now
    this.#set(Math.min(this.#exact, Math.max(floor, used * factor)))
    this.#round.reset()
    this.#streak.reset()
    this.#peak = 0
  }

  #set(exact: number): void {
    this.#exact = exact
    this.value = Math.floor(exact)
  }
}

/** What has settled since some moment. */
class Tally {
  outcomes = 0
  /** Those that began when the last fast answer had come; counted by the streak only. */
  certain = 0
  losses = 0
  /** When the first of them settled. */
  since = 0
  /** When the first of the lost began. */
  lostSince = Number.POSITIVE_INFINITY
  fastest = Number.POSITIVE_INFINITY

  add(isLost: boolean, ratio: number, startedAt: number, now: number): void {
    if (this.outcomes++ === 0) this.since = now
    if (isLost) {
      this.losses++
      if (startedAt < this.lostSince) this.lostSince = startedAt
    } else if (ratio < this.fastest) this.fastest = ratio
  }

  reset(): void {
    this.outcomes = 0
    this.certain = 0
    this.losses = 0
    this.lostSince = Number.POSITIVE_INFINITY
    this.fastest = Number.POSITIVE_INFINITY
  }
}
