import { type Dispatcher, interceptors } from 'undici'
import type { ResponseHeaders } from '../../foundation/errors/index.js'
import type { ResponseHead } from '../../http/message/index.js'
import type { CacheKey, CacheStore, CacheValue } from '../options/cache-options.js'
import { staleIfErrorMs } from './stored-response.js'

/** What is to be done with a response. */
export interface StorageVerdict {
  /** What to keep it as; `undefined` where it must not be kept. */
  readonly value: CacheValue | undefined
  /** Paths of which nothing may be kept any longer. */
  readonly outdated: readonly string[]
}

/** Beyond what RFC 9111 says. */
export interface StorageRules {
  readonly staleIfErrorMs: number
  /** Request headers that tell responses apart whether `vary` names them or not. */
  readonly varies: Readonly<Record<string, string | null>>
}

/** The headers of the request that a call is made for. They differ with every call, so nothing can vary by them. */
export const contextHeaders: readonly string[] = [
  'x-correlation-id',
  'x-request-id',
  'x-request-timeout-ms',
  'x-request-priority',
  'traceparent',
  'tracestate',
  'baggage',
]

/** Stands for "no lifetime given": what has none is stale from the start. */
const noLifetimeMs = 10 * 365 * 86_400_000
/** How long a response without a lifetime is kept to be asked about. */
const revalidationMs = 86_400_000

/** What undici's interceptor passes through: what it is asked about goes in front, the answer comes from there too. */
type Question = Dispatcher.DispatchOptions & { readonly answer: ResponseHead }

/**
 * Decides by RFC 9111 what may be kept, for how long, and what a write outdates. The rules are those of undici's cache
 * interceptor, which is shown the answer as if it came from its dispatcher, and whose store only takes note.
 */
export class StoragePolicy {
  readonly #ask: Dispatcher.Dispatch
  #value: CacheValue | undefined = undefined
  #outdated: string[] = []

  constructor() {
    const note: CacheStore = {
      get: () => undefined,
      createWriteStream: (_, value) => {
        this.#value = value
        return undefined
      },
      delete: ({ path }) => {
        if (!this.#outdated.includes(path)) this.#outdated.push(path)
      },
    }
    const rules = {
      store: note as never,
      methods: ['GET' as const, 'HEAD' as const],
      cacheByDefault: noLifetimeMs,
    }
    this.#ask = interceptors.cache(rules)(answer as Dispatcher.Dispatch)
  }

  /** What to do with the answer to the request that `key` stands for. */
  judge(key: CacheKey, response: ResponseHead, rules?: StorageRules): StorageVerdict {
    if (rules !== undefined) {
      const { headers } = response
      if (isForbidden(headers)) return { value: undefined, outdated: [key.path] }
      if (saysNothing(headers) && rules.staleIfErrorMs === 0) return nothing
    }
    this.#value = undefined
    this.#outdated = []
    const { headers, origin, path } = key
    const method = key.method as Dispatcher.HttpMethod
    const question: Question = { origin, path, method, headers, answer: response } as Question
    try {
      this.#ask(question, silent)
    } catch {
      // What undici cannot make sense of is not kept; the answer itself is none the worse.
      return nothing
    }
    const mayKeep = rules !== undefined && !variesByContext(response.headers)
    const value = this.#value && mayKeep ? withLifetime(this.#value, rules) : undefined
    return { value, outdated: this.#outdated }
  }
}

/** The dispatcher: it has the answer already. */
function answer(question: Question, handler: Dispatcher.DispatchHandler): boolean {
  const { status, headers } = question.answer
  handler.onRequestStart?.(controller, {})
  handler.onResponseStart?.(controller, status, headers, '')
  handler.onResponseEnd?.(controller, {})
  return true
}

const silent: Dispatcher.DispatchHandler = {
  onRequestStart() {},
  onResponseStart() {},
  onResponseData() {},
  onResponseEnd() {},
  onResponseError() {},
}

const controller: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  rawHeaders: [],
  rawTrailers: [],
  abort() {},
  pause() {},
  resume() {},
} as never

const nothing: StorageVerdict = Object.freeze({ value: undefined, outdated: Object.freeze([]) })

/** What most responses that are not to be kept say, which need not be read word by word. */
function isForbidden({ 'cache-control': control }: ResponseHeaders): boolean {
  return control !== undefined && /(^|[\s,])no-store(?=$|[\s,])/i.test(String(control))
}

/** Whether there is neither a lifetime nor anything to ask by. */
function saysNothing({
  'cache-control': control,
  etag,
  expires,
  'last-modified': modified,
}: ResponseHeaders): boolean {
  return control === undefined && etag === undefined && expires === undefined && modified === undefined
}

function variesByContext({ vary }: ResponseHeaders): boolean {
  if (vary === undefined) return false
  const names = String(vary)
    .toLowerCase()
    .split(/[\s,]+/)
  return names.some((name) => contextHeaders.includes(name))
}

/**
 * Guesses no lifetimes: a response that names none is kept as long as it may stand in for errors or can be asked
 * about, and never used unasked.
 */
function withLifetime(
  judged: CacheValue,
  { staleIfErrorMs: usualMs, varies }: StorageRules,
): CacheValue | undefined {
  const { headers, cacheControlDirectives: directives = {}, etag, statusCode } = judged
  const hasLifetime =
    directives['max-age'] !== undefined ||
    directives['s-maxage'] !== undefined ||
    headers.expires !== undefined
  if (!hasLifetime && statusCode >= 300) return undefined
  const now = Date.now()
  const staleAt = hasLifetime ? judged.staleAt : now
  const canAsk = etag !== undefined || headers['last-modified'] !== undefined
  const deleteAt = Math.max(
    staleAt + staleIfErrorMs(directives, usualMs),
    hasLifetime ? Math.max(staleAt, judged.deleteAt) : 0,
    canAsk && !hasLifetime ? now + revalidationMs : 0,
  )
  return deleteAt > now ? { ...judged, staleAt, deleteAt, vary: { ...judged.vary, ...varies } } : undefined
}
