import { isHoldfastError, outcomeOfCode, type ResponseHeaders } from '../../foundation/errors/index.js'
import type { HttpResponse } from '../../http/message/index.js'
import { type Execution, type Step, timeoutErrors, untilAborted } from '../../policies/index.js'
import { namesOf } from '../attempt/named-call.js'
import type { CacheResult } from '../operation/cache-result.js'
import type { Call } from '../operation/call.js'
import type { CacheKey } from '../options/cache-options.js'
import type { CacheSettings } from '../settings/read-settings.js'
import { Answer } from './answer.js'
import { giveAnswer } from './give-answer.js'
import type { OngoingRead } from './ongoing-reads.js'
import type { ReadContext } from './read-context.js'
import { type VariantHeaders, variantReader, variantText } from './read-variant.js'
import { requestDirectives } from './request-directives.js'
import type { ResponseCache } from './response-cache.js'
import { SharedRead } from './shared-read.js'
import type { SharedReads } from './shared-reads.js'
import { ageOf, freshened, type StoredResponse, staleIfErrorMs, validatorsOf } from './stored-response.js'
import { howToUse } from './use-stored.js'

/** One read, as the cache sees it. */
interface Question {
  readonly key: CacheKey
  readonly varies: VariantHeaders
  stored: StoredResponse | undefined
}

/** Answers from the cache where that is right, and asks the dependency where it is not. */
export class CachedReads {
  readonly #context: ReadContext
  readonly #cache: ResponseCache
  readonly #settings: CacheSettings
  readonly #shared: SharedReads | undefined
  readonly #next: Step<Call>
  readonly #variesOf: ReturnType<typeof variantReader>

  constructor(
    context: ReadContext,
    parts: {
      readonly cache: ResponseCache
      readonly settings: CacheSettings
      readonly shared: SharedReads | undefined
    },
    next: Step<Call>,
  ) {
    this.#context = context
    this.#cache = parts.cache
    this.#settings = parts.settings
    this.#shared = parts.shared
    this.#next = next
    // What may be stored of an authorized request, the response says: RFC 9111, 3.5.
    this.#variesOf = variantReader(
      ['authorization', 'cache-control', 'pragma', ...parts.settings.ignoreHeaders],
      context.headers,
    )
  }

  async answer(execution: Execution<Call>): Promise<unknown> {
    const call = execution.data
    const asked = requestDirectives(call.headers)
    if (asked.mustNotStore || isPartial(call.headers)) {
      return this.#give(call, (await this.#next(execution)) as Answer, 'bypass')
    }
    const question = this.#questionOf(call)
    const found = this.#cache.find(question.key, question.varies)
    question.stored =
      found instanceof Promise ? ((await untilAborted(execution, found)) as typeof question.stored) : found
    if (question.stored !== undefined) {
      const use = howToUse(question.stored, asked, Date.now())
      if (use === 'meanwhile') this.#refresh(call, question)
      if (use !== 'ask') {
        try {
          return await this.#giveStored(call, question.stored, use === 'fresh' ? 'hit' : 'stale')
        } catch (error) {
          // It was stored when the contract was another one.
          if (!isHoldfastError(error, 'INVALID_RESPONSE')) throw error
          this.#cache.drop(question.key)
          question.stored = undefined
        }
      }
    }
    if (asked.mustNotAsk) return this.#give(call, new Answer(notCached), 'miss')
    let answer: Answer
    try {
      answer = await this.#ask(execution, question)
    } catch (error) {
      return this.#standIn(execution, question.stored, error)
    }
    return this.#give(call, answer, answer.result)
  }

  #questionOf(call: Call): Question {
    const { method, reads } = this.#context
    const key = this.#cache.keyOf(call, method, reads.pathOf(call))
    return { key, varies: this.#variesOf(call), stored: undefined }
  }

  /** The dependency's answer: of a request of the call's own, or of one that it shares. */
  #ask(execution: Execution<Call>, question: Question): Promise<Answer> {
    if (this.#shared !== undefined) {
      return this.#shared.answer(execution, (own, read) => this.#load(own, question, read))
    }
    const { operation, reads } = this.#context
    const read: OngoingRead = {
      operation,
      path: question.key.path,
      variant: variantText(question.varies),
      isOutdated: false,
    }
    reads.ongoing.begin(read)
    return this.#load(execution, question, read, true)
  }

  /**
   * Asks the dependency, whether what is stored is still right if there is something, and keeps what it says.
   * @param ends - whether the read is over then
   */
  async #load(
    execution: Execution<Call>,
    question: Question,
    read: OngoingRead,
    ends = false,
  ): Promise<Answer> {
    const { key, stored, varies } = question
    const validators = stored === undefined ? undefined : validatorsOf(stored)
    try {
      const answer =
        stored === undefined || validators === undefined
          ? ((await this.#next(execution)) as Answer)
          : await this.#revalidated(execution, stored, validators)
      // It may be from before a write that has been answered meanwhile.
      if (!read.isOutdated) {
        this.#cache.keep(key, answer, { varies, staleIfErrorMs: this.#settings.staleIfErrorMs })
      }
      return answer
    } finally {
      if (ends) this.#context.reads.ongoing.end(read)
    }
  }

  async #revalidated(
    execution: Execution<Call>,
    stored: StoredResponse,
    validators: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const call = execution.data
    const { headers } = call
    call.headers = { ...headers, ...validators }
    const answer = (await this.#next(execution)) as Answer
    if (answer.received.status !== 304) return answer
    const fresh = freshened(stored, answer.received.headers)
    if (fresh !== undefined) return new Answer(fresh, undefined, 'revalidated')
    call.headers = headers
    execution.attempt = 1
    execution.sentAt = 0
    return this.#next(execution) as Promise<Answer>
  }

  /** Answers with what is stored in place of the failure, or fails. */
  #standIn(execution: Execution<Call>, stored: StoredResponse | undefined, error: unknown): unknown {
    if (stored === undefined || !this.#standsIn(stored, error)) throw error
    const { dependency, events } = this.#context
    const ageMs = Math.max(0, Date.now() - stored.value.cachedAt)
    events.emit('stale', { dependency, ...namesOf(execution), ageMs, error })
    return this.#giveStored(execution.data, stored, 'stale')
  }

  /** Asks anew what has just been answered with, unless somebody does. Nobody waits for it. */
  #refresh(call: Call, question: Question): void {
    const { observer, operation, reads, settings } = this.#context
    const { ongoing, ledger } = reads
    const { path } = question.key
    const variant = this.#shared?.variantOf(call) ?? variantText(question.varies)
    if (ongoing.find(operation, path, variant) !== undefined) return
    const read = new SharedRead(call, path, variant)
    const own = read.execution
    const startedAt = performance.now()
    read.call.trace = observer?.startCall(startedAt)
    if (settings.timeoutMs !== false) own.expireIn(settings.timeoutMs, timeoutErrors.total, startedAt)
    ongoing.begin(read)
    ledger.begin(own)
    read.start(
      async (execution) => {
        const answer = await this.#load(execution, question, read)
        read.call.status = answer.received.status
        return answer
      },
      (error) => {
        ongoing.end(read)
        ledger.end(own)
        read.call.trace?.end(error !== undefined, error)
        observer?.settled(read.call, performance.now() - startedAt, error)
      },
    )
    own.arm(startedAt)
  }

  #standsIn(stored: StoredResponse, error: unknown): boolean {
    const untilAt = stored.value.staleAt + staleIfErrorMs(stored.directives, this.#settings.staleIfErrorMs)
    return Date.now() < untilAt && standsInFor(error)
  }

  #giveStored(call: Call, stored: StoredResponse, result: CacheResult): unknown {
    const { status, body } = stored
    const headers: ResponseHeaders = { ...stored.headers, age: String(ageOf(stored, Date.now())) }
    if (result === 'stale') headers.warning = '110 - "Response is Stale"'
    return this.#give(call, new Answer({ status, headers, body }), result)
  }

  #give(call: Call, answer: Answer, result: CacheResult): unknown {
    call.cached = result
    this.#cache.counts[result]++
    return giveAnswer(this.#context, call, answer)
  }
}

/** What `only-if-cached` is answered with: RFC 9111, 5.2.1.7. */
const notCached: HttpResponse = Object.freeze({ status: 504, headers: {}, body: Buffer.alloc(0) })

const conditions = [
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'if-range',
  'range',
]

/** A call that asks for part of a response, or on a condition of its own, wants the dependency's word. */
function isPartial(headers: Readonly<Record<string, string>>): boolean {
  return conditions.some((name) => headers[name] !== undefined)
}

/** Whether a stale response may stand in for an answer that failed with `error`. */
function standsInFor(error: unknown): boolean {
  if (isHoldfastError(error, 'HTTP_STATUS')) return error.status >= 500
  return isHoldfastError(error) && outcomeOfCode(error.code).call.stale
}
