import { latencyConstants as constants } from './latency-constants.js'

/** Some outcomes that are judged together. */
export class LatencyRound {
  /** The most that was in flight. */
  peak = 0
  #outcomes = 0
  #lost = 0
  #sum = 0
  #lostSum = 0
  #beganAt = 0

  /** @param latency the logarithm of its milliseconds */
  add(latency: number, isLost: boolean, now: number): void {
    if (this.#outcomes++ === 0) this.#beganAt = now
    if (isLost) {
      this.#lost++
      this.#lostSum += latency
    } else this.#sum += latency
  }

  /** Whether there are so many outcomes, or fewer of a longer time. */
  isOver(outcomes: number, now: number): boolean {
    if (this.#outcomes >= outcomes) return true
    return this.#outcomes >= constants.leastOutcomes && now - this.#beganAt >= constants.roundMs
  }

  /**
   * The logarithm of the geometric mean, which one slow route among fast ones moves little. It is that of the answers,
   * if there are some: where one route hangs, all the others show that there is no queue.
   */
  get latency(): number {
    const answered = this.#outcomes - this.#lost
    if (answered > this.#outcomes * constants.someAnswered) return this.#sum / answered
    return (this.#sum + this.#lostSum) / this.#outcomes
  }

  /** Of the outcomes. */
  get lostShare(): number {
    return this.#lost / this.#outcomes
  }

  reset(): void {
    this.peak = 0
    this.#outcomes = 0
    this.#lost = 0
    this.#sum = 0
    this.#lostSum = 0
  }
}
