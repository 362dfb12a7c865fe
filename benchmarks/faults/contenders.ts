/** How every client is set up, each by its own options. */
export interface Limits {
  /** The time that a call may take in all, in milliseconds. */
  readonly deadlineMs: number
  /** The wait before an attempt is repeated, in milliseconds. */
  readonly backoffMs: number
}

/** Options of one call. */
export interface GetOptions {
  readonly signal?: AbortSignal
  readonly headers?: Record<string, string>
}

/** One client, set up as its documentation says: a time limit, two retries, and a breaker where it has one. */
export interface Contender {
  /** GETs a URL and gives the parsed JSON. */
  get(url: string, options?: GetOptions): Promise<unknown>
  /** Whether failed calls are repeated. */
  readonly hasRetries?: boolean
  /** Whether calls go through a circuit breaker. */
  readonly hasBreaker?: boolean
  /** Has a listener that throws told of what happens to calls. */
  readonly listen?: (listener: () => void) => void
}

/** Where a client knows only the time of an attempt, three of them and two waits fit into the deadline. */
const attemptMsOf = ({ deadlineMs, backoffMs }: Limits): number =>
  Math.max(100, Math.floor((deadlineMs - 2 * backoffMs) / 3))

/** In the order of the table. */
export const contenders: Readonly<Record<string, (limits: Limits) => Promise<Contender>>> = {
  holdfast: async ({ deadlineMs, backoffMs }) => {
    const { createClient, defineContract } = await import('@holdfast/core')
    const { z } = await import('zod')
    const contract = defineContract('things', {
      get: { method: 'GET', path: '/{name}', input: z.object({ name: z.string() }), output: z.json() },
    })
    const clients = new Map<string, ReturnType<typeof open>>()
    const open = (baseUrl: string) =>
      createClient(contract, {
        baseUrl,
        timeoutMs: deadlineMs,
        retry: { baseMs: backoffMs, maxMs: backoffMs },
        random: () => 0.999,
        circuitBreaker: { connectionFailures: 3, openMs: 200, maxOpenMs: 400 },
      })
    const clientOf = (origin: string) => {
      const client = clients.get(origin) ?? open(origin)
      clients.set(origin, client)
      return client
    }
    const listeners: (() => void)[] = []
    return {
      hasRetries: true,
      hasBreaker: true,
      get(url, options) {
        const { origin, pathname } = new URL(url)
        const client = clientOf(origin)
        for (const listener of listeners.splice(0)) {
          for (const event of ['retry', 'open', 'reject'] as const) client.$on(event, listener)
        }
        return client.get({ name: pathname.slice(1) }, options)
      },
      listen: (listener) => void listeners.push(listener),
    }
  },

  'holdfast createFetch': async ({ deadlineMs, backoffMs }) => {
    const { createFetch } = await import('@holdfast/core')
    const fetch = createFetch({
      timeoutMs: deadlineMs,
      retry: { baseMs: backoffMs, maxMs: backoffMs },
      random: () => 0.999,
      circuitBreaker: { connectionFailures: 3, openMs: 200, maxOpenMs: 400 },
    })
    return {
      hasRetries: true,
      hasBreaker: true,
      async get(url, options) {
        const response = await fetch(url, options)
        return parse(response.status, await response.text())
      },
      listen: (listener) => {
        for (const event of ['retry', 'open', 'reject'] as const) fetch.$on(event, listener)
      },
    }
  },

  'undici request': async (limits) => {
    const { Agent, interceptors, request } = await import('undici')
    const dispatcher = new Agent({
      headersTimeout: attemptMsOf(limits),
      bodyTimeout: attemptMsOf(limits),
    }).compose(
      interceptors.retry({ maxRetries: 2, minTimeout: limits.backoffMs, maxTimeout: 1_000 }),
      interceptors.redirect({ maxRedirections: 5 }),
      interceptors.decompress(),
    )
    return {
      hasRetries: true,
      async get(url, options) {
        const { body, statusCode } = await request(url, { dispatcher, ...options })
        return parse(statusCode, await body.text())
      },
    }
  },

  fetch: async ({ deadlineMs }) => ({ get: (url, options) => fetchJson(url, deadlineMs, options) }),

  'axios + axios-retry': async (limits) => {
    const { default: axios } = await import('axios')
    const { default: axiosRetry } = await import('axios-retry')
    const { Agent } = await import('node:http')
    const client = axios.create({ timeout: attemptMsOf(limits), httpAgent: new Agent({ keepAlive: true }) })
    axiosRetry(client, { retries: 2, retryDelay: () => limits.backoffMs })
    return { hasRetries: true, get: async (url, options) => (await client.get(url, options)).data }
  },

  ky: async ({ deadlineMs, backoffMs }) => {
    const { default: ky } = await import('ky')
    const client = ky.create({
      timeout: deadlineMs,
      retry: { limit: 2, delay: () => backoffMs, maxRetryAfter: 1_000 },
    })
    return { hasRetries: true, get: (url, options) => client.get(url, options).json() }
  },

  got: async (limits) => {
    const { got } = await import('got')
    const { Agent } = await import('node:http')
    const client = got.extend({
      agent: { http: new Agent({ keepAlive: true }) },
      timeout: { request: attemptMsOf(limits) },
      retry: { limit: 2, calculateDelay: ({ computedValue }) => computedValue && limits.backoffMs },
    })
    return { hasRetries: true, get: (url, options) => client.get(url, options).json() }
  },

  'opossum + p-retry': async (limits) => {
    const { default: Opossum } = await import('opossum')
    const { default: pRetry } = await import('p-retry')
    // Its only way of ending the work of a call that has timed out.
    const breaker = new Opossum(
      (url: string, { signal, headers = {} }: GetOptions = {}): Promise<unknown> => {
        const { getSignal } = breaker as unknown as { getSignal(): AbortSignal }
        const timedOut = getSignal.call(breaker)
        const either = signal === undefined ? timedOut : AbortSignal.any([signal, timedOut])
        return fetchJson(url, attemptMsOf(limits), { headers, signal: either })
      },
      {
        timeout: attemptMsOf(limits),
        volumeThreshold: 3,
        resetTimeout: 200,
        abortController: new AbortController(),
        autoRenewAbortController: true,
      },
    )
    return {
      hasRetries: true,
      hasBreaker: true,
      get: (url, call) =>
        pRetry(() => breaker.fire(url, call ?? {}), {
          retries: 2,
          minTimeout: limits.backoffMs,
          ...(call?.signal && { signal: call.signal }),
        }),
      listen: (listener) => {
        breaker.on('success', listener)
        breaker.on('failure', listener)
        breaker.on('open', listener)
      },
    }
  },

  cockatiel: async ({ deadlineMs, backoffMs }) => {
    const cockatiel = await import('cockatiel')
    const { circuitBreaker, ConsecutiveBreaker, ConstantBackoff, handleAll, retry, timeout, wrap } = cockatiel
    const breaker = circuitBreaker(handleAll, { halfOpenAfter: 200, breaker: new ConsecutiveBreaker(3) })
    const retries = retry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(backoffMs) })
    const policy = wrap(timeout(deadlineMs, cockatiel.TimeoutStrategy.Aggressive), retries, breaker)
    return {
      hasRetries: true,
      hasBreaker: true,
      get: (url, options) =>
        policy.execute(({ signal }) => fetchJson(url, deadlineMs, { ...options, signal }), options?.signal),
      listen: (listener) => {
        retries.onRetry(listener)
        breaker.onBreak(listener)
      },
    }
  },
}

/** The global `fetch` with a time limit, which its body is under too. */
async function fetchJson(
  url: string,
  timeoutMs: number,
  { signal, headers = {} }: GetOptions = {},
): Promise<unknown> {
  const limit = AbortSignal.timeout(Math.ceil(timeoutMs))
  const response = await fetch(url, {
    headers,
    signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
  })
  return parse(response.status, await response.text())
}

function parse(status: number, text: string): unknown {
  if (status >= 300) throw new Error(`answered with ${status}`)
  return JSON.parse(text)
}
