import { DnsFailedError } from '../../foundation/errors/index.js'
import { type DnsAnswer, type DnsPlace, type DnsQuestion, endpointsOf } from './dns-records.js'
import type { ResolverListener, ResolverWatch } from './resolver.js'

/** What a watch goes by. */
export interface DnsWatchSettings {
  readonly question: DnsQuestion
  readonly place: DnsPlace
  readonly resolve: (question: DnsQuestion) => Promise<readonly DnsAnswer[]>
  readonly random: () => number
  readonly minRefreshMs: number
  readonly maxRefreshMs: number
  readonly timeoutMs: number
}

const firstRepeatMs = 500

/** Asks, and asks again, for one client. One question at a time; nothing of it keeps the process running. */
export class DnsWatch implements ResolverWatch {
  readonly #settings: DnsWatchSettings
  readonly #listener: ResolverListener
  #timer: NodeJS.Timeout | undefined = undefined
  /** When the next question is due, by `performance.now()`. */
  #dueAt = Number.POSITIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #isAsking = false
  #isClosed = false
  #failures = 0

  constructor(settings: DnsWatchSettings, listener: ResolverListener) {
    this.#settings = settings
    this.#listener = listener
  }

  /** Asks now. */
  ask(): void {
    this.#isAsking = true
    this.#askedAt = performance.now()
    this.#answered().then(
      (answers) => this.#accept(answers),
      (error) => this.#repeat(error),
    )
  }

  refresh(): void {
    if (this.#isAsking || this.#isClosed) return
    const earliest = this.#askedAt + this.#settings.minRefreshMs
    this.#schedule(Math.max(0, earliest - performance.now()))
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  /** The answer, or a failure when there is none in time: a question may hang for ever. */
  async #answered(): Promise<readonly DnsAnswer[]> {
    const { question, resolve, timeoutMs } = this.#settings
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const text = `no answer for ${question.hostname} within ${timeoutMs} ms`
        reject(new DnsFailedError(text, { temporary: true }))
      }, timeoutMs)
      timer.unref?.()
    })
    try {
      return await Promise.race([resolve(question), tooLate])
    } finally {
      clearTimeout(timer)
    }
  }

  #accept(answers: readonly DnsAnswer[]): void {
    if (this.#isClosed) return
    const { place, random, minRefreshMs, maxRefreshMs } = this.#settings
    let lifeMs = maxRefreshMs
    try {
      const endpoints = answers.length === 0 ? [] : endpointsOf(answers, place)
      for (const { ttlSeconds } of answers)
        lifeMs = Math.min(lifeMs, ttlSeconds === undefined ? maxRefreshMs : ttlSeconds * 1_000)
      this.#listener.update(endpoints)
    } catch (error) {
      this.#repeat(error)
      return
    }
    this.#isAsking = false
    this.#failures = 0
    // Never all processes at the same moment, and never before the records expire.
    const ms = Math.min(maxRefreshMs, Math.max(minRefreshMs, lifeMs)) * (1 + 0.1 * chanceOf(random))
    this.#schedule(ms)
  }

  #repeat(error: unknown): void {
    if (this.#isClosed) return
    this.#isAsking = false
    const { maxRefreshMs, random } = this.#settings
    const longest = Math.min(maxRefreshMs, firstRepeatMs * 2 ** Math.min(++this.#failures, 16))
    this.#schedule(longest / 2 + (longest / 2) * chanceOf(random))
    this.#listener.error(this.#explained(error))
  }

  #schedule(delayMs: number): void {
    const dueAt = performance.now() + delayMs
    if (this.#timer !== undefined && dueAt >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = dueAt
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#dueAt = Number.POSITIVE_INFINITY
      this.ask()
    }, delayMs)
    this.#timer.unref?.()
  }

  #explained(error: unknown): DnsFailedError {
    if (error instanceof DnsFailedError) return error
    const { hostname, type } = this.#settings.question
    const { code, message } = error as { code?: unknown; message?: unknown }
    const isShort = type !== 'lookup' && !hostname.includes('.')
    const remedy = isShort ? "; give the name in full, or use type 'lookup', which tries search domains" : ''
    const text = `${type} of ${hostname} failed: ${String(code ?? message ?? error)}${remedy}`
    return new DnsFailedError(text, { cause: error, temporary: code !== 'ENOTFOUND' && code !== 'ENODATA' })
  }
}

/** What a `random` of the user may give is not always from 0 to 1. */
function chanceOf(random: () => number): number {
  const chance = random()
  return chance >= 0 && chance < 1 ? chance : 0.5
}
