import type { Exchange } from './exchange.js'

/** A request that is over. */
export interface ServedExchange {
  readonly exchange: Exchange
  readonly durationMs: number
  /** 499 when the caller left before the headers were sent. */
  readonly status: number
  /** Whether the caller left before the end of the answer. */
  readonly aborted: boolean
  readonly error: unknown
}
