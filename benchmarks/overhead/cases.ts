/** One call, its body parsed. */
export type Call = () => Promise<unknown>

/** Makes the call of one client; only the libraries of that client are loaded. */
export type Case = (baseUrl: string) => Promise<Call>

const path = '/orders/42'
const connections = 200

async function barePool(baseUrl: string) {
  const { Pool } = await import('undici')
  const pool = new Pool(baseUrl, { connections })
  return async ({ signal }: { signal?: AbortSignal } = {}) => {
    const { body } = await pool.request({ path, method: 'GET', ...(signal && { signal }) })
    return JSON.parse(await body.text()) as unknown
  }
}

async function orderSchemas() {
  const { z } = await import('zod')
  const Order = z.object({
    id: z.string(),
    customer: z.string(),
    total: z.number(),
    currency: z.string(),
    open: z.boolean(),
    n: z.number(),
  })
  return { input: z.object({ id: z.string() }), output: Order }
}

/** In the order of the table; the first is what the others are divided by. */
export const cases: Readonly<Record<string, Case>> = {
  'undici pool.request': barePool,

  'undici dispatch, lean handler': async (baseUrl) => {
    const { Pool } = await import('undici')
    const { LeanHandler } = await import('./lean-handler.js')
    const pool = new Pool(baseUrl, { connections })
    return () =>
      new Promise((resolve, reject) => {
        pool.dispatch({ path, method: 'GET' }, new LeanHandler(resolve, reject))
      })
  },

  holdfast: async (baseUrl) => {
    const { createClient, defineContract } = await import('@holdfast/core')
    const schemas = await orderSchemas()
    const orders = defineContract('orders', {
      getOrder: { method: 'GET', path: '/orders/{id}', ...schemas },
    })
    const client = createClient(orders, { baseUrl })
    return () => client.getOrder({ id: '42' })
  },

  'holdfast createFetch': async (baseUrl) => {
    const { createFetch } = await import('@holdfast/core')
    const fetch = createFetch()
    return async () => (await fetch(baseUrl + path)).json()
  },

  'opossum + p-retry': async (baseUrl) => {
    const { default: Opossum } = await import('opossum')
    const { default: pRetry } = await import('p-retry')
    const request = await barePool(baseUrl)
    const breaker = new Opossum(() => request(), { timeout: 3_000 })
    return () => pRetry(() => breaker.fire(), { retries: 2 })
  },

  cockatiel: async (baseUrl) => {
    const { bulkhead, circuitBreaker, ExponentialBackoff, handleAll, retry, SamplingBreaker, timeout, wrap } =
      await import('cockatiel')
    const request = await barePool(baseUrl)
    const policy = wrap(
      retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
      circuitBreaker(handleAll, {
        halfOpenAfter: 1_000,
        breaker: new SamplingBreaker({ threshold: 0.9, duration: 10_000 }),
      }),
      timeout(3_000, 'aggressive' as never),
      bulkhead(200, 1_000),
    )
    return () => policy.execute(({ signal }) => request({ signal }))
  },

  'undici fetch': async (baseUrl) => {
    const { fetch, Pool } = await import('undici')
    const dispatcher = new Pool(baseUrl, { connections })
    return async () => (await fetch(baseUrl + path, { dispatcher })).json()
  },

  'axios + axios-retry': async (baseUrl) => {
    const { default: axios } = await import('axios')
    const { default: axiosRetry } = await import('axios-retry')
    const { Agent } = await import('node:http')
    const client = axios.create({
      baseURL: baseUrl,
      timeout: 3_000,
      httpAgent: new Agent({ keepAlive: true, maxSockets: connections }),
    })
    axiosRetry(client, { retries: 2 })
    return async () => (await client.get(path)).data
  },

  ky: async (baseUrl) => {
    const { default: ky } = await import('ky')
    const client = ky.create({ prefixUrl: baseUrl, timeout: 3_000, retry: 2 })
    return () => client.get(path.slice(1)).json()
  },

  got: async (baseUrl) => {
    const { got } = await import('got')
    const { Agent } = await import('node:http')
    const agent = { http: new Agent({ keepAlive: true, maxSockets: connections }) }
    const client = got.extend({ agent, timeout: { request: 3_000 }, retry: { limit: 2 } })
    return () => client.get(baseUrl + path).json()
  },
}
