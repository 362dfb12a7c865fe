import type { IncomingMessage } from 'node:http'
import type { ActiveContext } from '../context/index.js'
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

/** The span of a request. */
export interface ServerSpan {
  readonly trace: { readonly traceId: string; readonly spanId: string; readonly sampled: boolean }
  /** Runs `fn` with the span as the active one. */
  run<Result>(fn: () => Result): Result
  end(served: ServedExchange): void
}

/** Begins the span of a request; `undefined` when nobody records any. */
export type StartServerSpan = (request: IncomingMessage, context: ActiveContext) => ServerSpan | undefined
