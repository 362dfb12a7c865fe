import { Agent, type Dispatcher } from 'undici'
import { z } from 'zod'
import { createFetch } from '../../../src/client/faces/fetch/create-fetch.js'
import { undiciInterceptor } from '../../../src/client/faces/interceptor/undici-interceptor.js'
import { createClient } from '../../../src/client/faces/typed/create-client.js'
import type { ClientOptions } from '../../../src/client/options/client-options.js'
import { defineContract } from '../../../src/contract/index.js'

/** Options that every face takes. */
export type FaceOptions = Partial<
  Pick<
    ClientOptions<object>,
    | 'attemptTimeoutMs'
    | 'bulkhead'
    | 'circuitBreaker'
    | 'connections'
    | 'connectTimeoutMs'
    | 'dispatcher'
    | 'headers'
    | 'idleTimeoutMs'
    | 'maxResponseBytes'
    | 'random'
    | 'retry'
    | 'retryBudget'
    | 'timeoutMs'
  >
>

/** A face of Holdfast that has been opened for one service. */
export interface OpenFace extends AsyncDisposable {
  /** A call that may be repeated; gives the parsed body. */
  get(signal?: AbortSignal): Promise<unknown>
  /** A call that must not be sent twice. */
  post(signal?: AbortSignal): Promise<unknown>
  /** A call that may be sent twice because it has a key. */
  keyed(): Promise<unknown>
  /** Attempts that hold a permit. */
  inFlight(): number
  /** Failures that the breaker has counted. */
  failures(): number
}

/** One of the ways in which an application can use Holdfast: all of them meet the same faults. */
export interface Face {
  readonly name: string
  /** Whether a body of unknown length is the caller's from the headers on, so that what then breaks is not retried. */
  readonly handsOverStreams: boolean
  /** Whether also a body of known length is the caller's from the headers on. */
  readonly handsOverBodies: boolean
  /** Whether it decompresses bodies, and bounds what comes out. */
  readonly readsBodies: boolean
  /** Whether an abort comes back as the caller's own reason, as the web platform has it, in place of `ABORTED`. */
  readonly keepsReason: boolean
  /** Whether an error status is an answer like any other. */
  readonly answersErrors: boolean
  /** Whether it opens its connections itself, so that it knows which step of that takes long. */
  readonly connects: boolean
  /** Whether the deadline goes on until the body has been read. */
  readonly timesBodies: boolean
  open(origin: string, options: FaceOptions): OpenFace
}

const things = defineContract('things', {
  read: { method: 'GET', path: '/things/42', output: z.object({ id: z.string() }) },
  write: { method: 'POST', path: '/things', input: z.object({ text: z.string() }) },
  writeOnce: { method: 'POST', path: '/things', input: z.object({ text: z.string() }), idempotent: 'key' },
})

const key = { 'idempotency-key': 'a' }

/** The typed client. */
export const typedFace: Face = {
  name: 'the typed client',
  handsOverStreams: false,
  handsOverBodies: false,
  readsBodies: true,
  keepsReason: false,
  answersErrors: false,
  connects: true,
  timesBodies: true,
  open(origin, options) {
    const client = createClient(things, { baseUrl: origin, ...options })
    return {
      get: (signal) => client.read(undefined, { signal }),
      post: (signal) => client.write({ text: 'x' }, { signal }),
      keyed: () => client.writeOnce({ text: 'x' }),
      inFlight: () => client.$stats().inFlight,
      failures: () => client.$stats().endpoints[0]?.circuitBreaker?.failures ?? 0,
      [Symbol.asyncDispose]: () => client.$close(),
    }
  },
}

/** The drop-in `fetch`. */
export const fetchFace: Face = {
  name: 'createFetch',
  handsOverStreams: true,
  handsOverBodies: false,
  readsBodies: true,
  keepsReason: true,
  answersErrors: true,
  connects: true,
  timesBodies: true,
  open(origin, options) {
    const fetch = createFetch(options)
    const read = async (path: string, init: RequestInit) => (await fetch(origin + path, init)).json()
    const state = () => fetch.$stats().origins[0]
    return {
      get: (signal) => read('/things/42', signal === undefined ? {} : { signal }),
      post: (signal) => read('/things', { method: 'POST', body: 'x', ...(signal && { signal }) }),
      keyed: () => read('/things', { method: 'POST', body: 'x', headers: key }),
      inFlight: () => state()?.inFlight ?? 0,
      failures: () => state()?.circuitBreaker?.failures ?? 0,
      [Symbol.asyncDispose]: () => fetch.$close(),
    }
  },
}

/** Any undici dispatcher, with the interceptor. */
export const interceptorFace: Face = {
  name: 'undiciInterceptor',
  handsOverStreams: true,
  handsOverBodies: true,
  readsBodies: false,
  keepsReason: true,
  answersErrors: true,
  connects: false,
  timesBodies: false,
  open(origin, { connections, connectTimeoutMs = 1_000, dispatcher: given, headers, ...options }) {
    const interceptor = undiciInterceptor(options)
    const agent =
      given ?? new Agent({ connect: { timeout: connectTimeoutMs }, ...(connections && { connections }) })
    const dispatcher = agent.compose(interceptor)
    const send = async (request: Dispatcher.RequestOptions) => {
      const all = { ...(headers as Record<string, string>), ...(request.headers as Record<string, string>) }
      const { body } = await dispatcher.request({ ...request, origin, headers: all })
      return body.json()
    }
    const state = () => interceptor.$stats().origins[0]
    return {
      get: (signal) => send({ path: '/things/42', method: 'GET', signal }),
      post: (signal) => send({ path: '/things', method: 'POST', body: 'x', signal }),
      keyed: () => send({ path: '/things', method: 'POST', body: 'x', headers: key }),
      inFlight: () => state()?.inFlight ?? 0,
      failures: () => state()?.circuitBreaker?.failures ?? 0,
      async [Symbol.asyncDispose]() {
        if (given === undefined) await agent.destroy()
        await interceptor.$close()
      },
    }
  },
}
