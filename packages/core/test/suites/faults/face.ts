import { z } from 'zod'
import { createFetch } from '../../../src/client/faces/fetch/create-fetch.js'
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
  open(origin: string, options: FaceOptions): OpenFace
}

const things = defineContract('things', {
  read: { method: 'GET', path: '/things/42', output: z.object({ id: z.string() }) },
  write: { method: 'POST', path: '/things', input: z.object({ text: z.string() }) },
})

/** The typed client. */
export const typedFace: Face = {
  name: 'the typed client',
  handsOverStreams: false,
  open(origin, options) {
    const client = createClient(things, { baseUrl: origin, ...options })
    return {
      get: (signal) => client.read(undefined, { signal }),
      post: (signal) => client.write({ text: 'x' }, { signal }),
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
  open(origin, options) {
    const fetch = createFetch(options)
    const read = async (path: string, init: RequestInit) => (await fetch(origin + path, init)).json()
    const state = () => fetch.$stats().origins[0]
    return {
      get: (signal) => read('/things/42', signal === undefined ? {} : { signal }),
      post: (signal) => read('/things', { method: 'POST', body: 'x', ...(signal && { signal }) }),
      inFlight: () => state()?.inFlight ?? 0,
      failures: () => state()?.circuitBreaker?.failures ?? 0,
      [Symbol.asyncDispose]: () => fetch.$close(),
    }
  },
}
