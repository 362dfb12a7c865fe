/**
 * Lets a few follow each other at once, and then one every `refillMs`: what changes now and then is heard of without
 * delay, and what changes all the time is asked for at a bearable rate.
 */
export class TokenBucket {
  readonly #burst: number
  readonly #refillMs: number
  #tokens: number
  #at = Number.NEGATIVE_INFINITY

  constructor(burst: number, refillMs: number) {
    this.#burst = burst
    this.#refillMs = refillMs
    this.#tokens = burst
  }

  /** Takes a token; gives how many milliseconds from `now` it may be used. */
  take(now: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) / this.#refillMs) - 1
    this.#at = now
    return this.#tokens >= 0 ? 0 : -this.#tokens * this.#refillMs
  }
}
