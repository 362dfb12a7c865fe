import type { ErrorCode } from './error-code.js'

/** What one error code means to everybody who asks: a row of the table, a property for each question. */
export interface Outcome {
  /** For people: one sentence. */
  readonly meaning: string
  /** To the caller of the client and of the service: what it is told. */
  readonly told: {
    /** Whether the same call may succeed when it is made again a little later. */
    readonly retryable: boolean
    /** The status with which a service answers its own caller when this error reaches it. */
    readonly status: number
    /** Whether that answer asks for a pause with `Retry-After` although nobody named one. */
    readonly busy: boolean
  }
  /** To the mechanisms around one attempt, and so to the dependency's reputation. */
  readonly attempt: AttemptOutcome
  /** To the mechanisms around the whole call. */
  readonly call: {
    /** Whether a policy of this process refused, so that nothing was sent and nothing was learnt. */
    readonly refused: boolean
    /** Whether a fallback may answer; what is the caller's own fault must not be hidden by one. */
    readonly fallback: boolean
    /** Whether a stale answer is better: the dependency could not be asked, or did not answer. */
    readonly stale: boolean
    /** Whether it speaks against the version that was called, or is the caller's or this process's own. */
    readonly version: 'failed' | 'none'
    /** Whether a write may have been done all the same, once it was sent. */
    readonly wrote: boolean
  }
}

/** What the outcome of one attempt means to the mechanisms around it. */
export interface AttemptOutcome {
  /**
   * `always`: any method, the request was not sent or not processed. `replayable`: only what may be sent twice.
   * `optIn`: like `replayable`, but only for statuses that the operation lists.
   */
  readonly retry: 'no' | 'replayable' | 'always' | 'optIn'
  /** `connection` is a failure to connect; `neutral` says nothing about the dependency. */
  readonly breaker: 'success' | 'failure' | 'connection' | 'neutral'
  /** `overload`: the dependency was asked for more than it can bear; `neutral` says nothing about that. */
  readonly limiter: 'success' | 'overload' | 'neutral'
  /** What the latency average of the endpoint takes from it. */
  readonly latency: 'measured' | 'penalty' | 'timeout' | 'none'
  /** Whether a first attempt with this outcome earns retry budget. */
  readonly earns: boolean
}

/**
 * What each error code means: the one place where that is decided. Where more than the code counts, the row says what
 * holds usually, and who asks knows the rest: `classify` judges an attempt by its status (a 429 is an `HTTP_STATUS`, whose
 * row is that of a 500), its phase and its time.
 */
export const outcomes: Readonly<Record<ErrorCode, Outcome>> = Object.freeze({
  DEADLINE_EXCEEDED: {
    meaning: 'The total time of the call ran out.',
    told: { retryable: true, status: 504, busy: false },
    attempt: { retry: 'no', breaker: 'failure', limiter: 'overload', latency: 'none', earns: false },
    call: { refused: false, fallback: true, stale: true, version: 'failed', wrote: true },
  },
  ATTEMPT_TIMEOUT: {
    meaning: 'One attempt took longer than its own timeout.',
    told: { retryable: true, status: 504, busy: false },
    attempt: {
      retry: 'replayable',
      breaker: 'failure',
      limiter: 'overload',
      latency: 'timeout',
      earns: false,
    },
    call: { refused: false, fallback: true, stale: true, version: 'failed', wrote: true },
  },
  BODY_TIMEOUT: {
    meaning: 'The body stopped arriving.',
    told: { retryable: true, status: 504, busy: false },
    attempt: {
      retry: 'replayable',
      breaker: 'failure',
      limiter: 'overload',
      latency: 'timeout',
      earns: false,
    },
    call: { refused: false, fallback: true, stale: true, version: 'failed', wrote: true },
  },
  CIRCUIT_OPEN: {
    meaning: 'The circuit breaker is open: the dependency keeps failing, so nothing was sent.',
    told: { retryable: true, status: 503, busy: true },
    attempt: { retry: 'no', breaker: 'neutral', limiter: 'neutral', latency: 'none', earns: false },
    call: { refused: true, fallback: true, stale: true, version: 'failed', wrote: false },
  },
  CONCURRENCY_LIMIT: {
    meaning: 'Too many calls are in flight: the call found no permit, or waited too long for one.',
    told: { retryable: true, status: 503, busy: true },
    attempt: { retry: 'no', breaker: 'neutral', limiter: 'neutral', latency: 'none', earns: false },
    call: { refused: true, fallback: true, stale: true, version: 'failed', wrote: false },
  },
  RATE_LIMITED: {
    meaning: 'The outbound quota is used up, so nothing was sent.',
    told: { retryable: true, status: 503, busy: true },
    attempt: { retry: 'no', breaker: 'neutral', limiter: 'neutral', latency: 'none', earns: false },
    call: { refused: true, fallback: true, stale: true, version: 'none', wrote: false },
  },
  CONNECT_FAILED: {
    meaning: 'No connection could be made: refused, unreachable, or not answered in time.',
    told: { retryable: true, status: 502, busy: false },
    attempt: {
      retry: 'always',
      breaker: 'connection',
      limiter: 'overload',
      latency: 'penalty',
      earns: false,
    },
    call: { refused: false, fallback: true, stale: true, version: 'failed', wrote: false },
  },
  CONNECTION_LOST: {
    meaning: 'The connection broke before the whole response had arrived.',
    told: { retryable: true, status: 502, busy: false },
    attempt: {
      retry: 'replayable',
      breaker: 'failure',
      limiter: 'neutral',
      latency: 'penalty',
      earns: false,
    },
    call: { refused: false, fallback: true, stale: true, version: 'failed', wrote: true },
  },
  DNS_FAILED: {
    meaning: 'The host name could not be resolved.',
    told: { retryable: true, status: 502, busy: false },
    attempt: { retry: 'always', breaker: 'connection', limiter: 'neutral', latency: 'penalty', earns: false },
    call: { refused: false, fallback: true, stale: true, version: 'failed', wrote: false },
  },
  TLS_FAILED: {
    meaning: 'The TLS handshake failed, usually over a certificate.',
    told: { retryable: true, status: 502, busy: false },
    attempt: { retry: 'always', breaker: 'connection', limiter: 'neutral', latency: 'penalty', earns: false },
    call: { refused: false, fallback: true, stale: true, version: 'failed', wrote: false },
  },
  PROTOCOL_ERROR: {
    meaning: 'What arrived is not valid HTTP, or not in the encoding it claims.',
    told: { retryable: false, status: 502, busy: false },
    attempt: { retry: 'no', breaker: 'failure', limiter: 'neutral', latency: 'penalty', earns: false },
    call: { refused: false, fallback: true, stale: true, version: 'failed', wrote: true },
  },
  RESPONSE_TOO_LARGE: {
    meaning: 'The response is larger, after decompression, than allowed.',
    told: { retryable: false, status: 502, busy: false },
    attempt: { retry: 'no', breaker: 'neutral', limiter: 'success', latency: 'measured', earns: false },
    call: { refused: false, fallback: true, stale: false, version: 'failed', wrote: true },
  },
  INVALID_INPUT: {
    meaning: 'The input does not match the contract, so nothing was sent.',
    told: { retryable: false, status: 500, busy: false },
    attempt: { retry: 'no', breaker: 'neutral', limiter: 'neutral', latency: 'none', earns: false },
    call: { refused: false, fallback: false, stale: false, version: 'none', wrote: false },
  },
  INVALID_RESPONSE: {
    meaning: 'The response does not match the contract.',
    told: { retryable: false, status: 502, busy: false },
    attempt: { retry: 'no', breaker: 'neutral', limiter: 'success', latency: 'measured', earns: false },
    call: { refused: false, fallback: true, stale: false, version: 'failed', wrote: true },
  },
  HTTP_STATUS: {
    meaning: 'The dependency answered with an error status.',
    told: { retryable: false, status: 502, busy: false },
    attempt: { retry: 'optIn', breaker: 'failure', limiter: 'neutral', latency: 'penalty', earns: false },
    call: { refused: false, fallback: true, stale: true, version: 'failed', wrote: true },
  },
  ABORTED: {
    meaning: 'The caller aborted the call.',
    told: { retryable: false, status: 499, busy: false },
    attempt: { retry: 'no', breaker: 'neutral', limiter: 'neutral', latency: 'none', earns: false },
    call: { refused: false, fallback: false, stale: false, version: 'none', wrote: true },
  },
  NO_ENDPOINTS: {
    meaning: 'No endpoint of the dependency is known.',
    told: { retryable: true, status: 503, busy: false },
    attempt: { retry: 'no', breaker: 'neutral', limiter: 'neutral', latency: 'none', earns: false },
    call: { refused: true, fallback: true, stale: true, version: 'failed', wrote: false },
  },
  LOCAL_RESOURCE: {
    meaning: 'This process ran out of a resource of its own: file descriptors, ports or memory.',
    told: { retryable: true, status: 503, busy: false },
    attempt: { retry: 'no', breaker: 'neutral', limiter: 'neutral', latency: 'none', earns: false },
    call: { refused: false, fallback: true, stale: false, version: 'none', wrote: false },
  },
  CLOSED: {
    meaning: 'The client has been closed.',
    told: { retryable: false, status: 503, busy: false },
    attempt: { retry: 'no', breaker: 'neutral', limiter: 'neutral', latency: 'none', earns: false },
    call: { refused: true, fallback: true, stale: false, version: 'none', wrote: true },
  },
  CONFIG_INVALID: {
    meaning: 'The options or the contract are wrong, found when they were given.',
    told: { retryable: false, status: 500, busy: false },
    attempt: { retry: 'no', breaker: 'neutral', limiter: 'neutral', latency: 'none', earns: false },
    call: { refused: false, fallback: false, stale: false, version: 'none', wrote: false },
  },
} satisfies Record<ErrorCode, Outcome>)

/** The row for a code that only a newer copy of this package in the same process knows. */
const unknownCode = Object.freeze<Outcome>({
  meaning: 'A failure that this version does not know.',
  told: { retryable: false, status: 500, busy: false },
  attempt: { retry: 'no', breaker: 'failure', limiter: 'neutral', latency: 'none', earns: false },
  call: { refused: false, fallback: true, stale: false, version: 'failed', wrote: false },
})

/** The row of a code; an error of another copy of this package may have one that is not in the table. */
export function outcomeOfCode(code: ErrorCode): Outcome {
  return (outcomes as Partial<typeof outcomes>)[code] ?? unknownCode
}
