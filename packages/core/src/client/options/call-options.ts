import type { Priority } from '../../foundation/priority/index.js'

/** Options of a single call; they override those of the operation and the client. */
export interface CallOptions {
  /** The caller's signal: an abort ends the call at once with `ABORTED`, and a streamed response with it. */
  readonly signal?: AbortSignal | undefined
  /** The total time of this call, in milliseconds; `false` for no limit. */
  readonly timeoutMs?: number | false | undefined
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /**
   * The `idempotency-key` of an operation that is `idempotent: 'key'`; every attempt sends the same.
   * @default a new UUID for each call
   */
  readonly idempotencyKey?: string | undefined
  /**
   * How important this call is where there is no room for all of them.
   * @default the operation's
   */
  readonly priority?: Priority | undefined
}
