import { setTimeout as sleep } from 'node:timers/promises'
import { Agent } from 'undici'
import { expect, onTestFinished } from 'vitest'
import { createFetch, type HoldfastFetch } from '../fetch/create-fetch.js'
import type { FetchOptions } from '../fetch/fetch-options.js'
import type { InterceptorOptions } from '../interceptor/interceptor-options.js'
import { type UndiciInterceptor, undiciInterceptor } from '../interceptor/undici-interceptor.js'

/** What the tests of both faces ask for. */
export interface FaceRequest {
  readonly method?: string
  readonly body?: string
  readonly headers?: Record<string, string>
  readonly signal?: AbortSignal
}

/** An answer whose body has been read. */
export interface FaceAnswer {
  readonly status: number
  readonly text: string
}

/** One of the two faces that need no contract, open for the running test. */
export interface Face {
  readonly request: (url: string, init?: FaceRequest) => Promise<FaceAnswer>
  readonly controls: Pick<HoldfastFetch | UndiciInterceptor, '$stats' | '$on' | '$close'>
}

/** Retries follow at once, unless a test says otherwise. */
const quick = { retry: { baseMs: 1, maxMs: 1 } } as const

/** A `fetch` for the running test, after which nothing of it must be left. */
export function openFetch(options: FetchOptions = {}): HoldfastFetch {
  const before = resources()
  const fetch = createFetch({ ...quick, ...options })
  onTestFinished(async () => {
    await fetch.$close()
    await backTo(before)
  })
  return fetch
}

/** An agent with the interceptor for the running test, after which nothing of it must be left. */
export function openAgent(options: InterceptorOptions = {}) {
  const before = resources()
  const interceptor = undiciInterceptor({ ...quick, ...options })
  const agent = new Agent({ connect: { timeout: 1_000 } })
  onTestFinished(async () => {
    await agent.destroy()
    await interceptor.$close()
    await backTo(before)
  })
  return { agent: agent.compose(interceptor), interceptor }
}

async function backTo(before: number): Promise<void> {
  for (let tries = 0; tries < 100 && resources() > before; tries++) await sleep(10)
  expect(resources()).toBeLessThanOrEqual(before)
}

/** Sockets and timers that keep the process alive. */
function resources(): number {
  const counted = new Set(['TCPSocketWrap', 'TCPConnectWrap', 'Timeout'])
  return process.getActiveResourcesInfo().filter((name) => counted.has(name)).length
}

function fetchFace(options: InterceptorOptions): Face {
  const fetch = openFetch(options)
  return {
    controls: fetch,
    request: async (url, init) => {
      const response = await fetch(url, init)
      return { status: response.status, text: await response.text() }
    },
  }
}

function interceptorFace(options: InterceptorOptions): Face {
  const { agent, interceptor } = openAgent(options)
  return {
    controls: interceptor,
    request: async (url, { method = 'GET', ...init } = {}) => {
      const { origin, pathname } = new URL(url)
      const { statusCode, body } = await agent.request({ origin, path: pathname, method, ...init })
      return { status: statusCode, text: await body.text() }
    },
  }
}

/** Both faces, for tests of what they have in common. */
export const faces: readonly (readonly [string, (options?: InterceptorOptions) => Face])[] = [
  ['createFetch', (options = {}) => fetchFace(options)],
  ['undiciInterceptor', (options = {}) => interceptorFace(options)],
]

/** What a call fails with. */
export async function failureOf(call: Promise<unknown>): Promise<Error & Readonly<Record<string, unknown>>> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  expect(outcome).toHaveProperty('error')
  return (outcome as { error: Error & Readonly<Record<string, unknown>> }).error
}
