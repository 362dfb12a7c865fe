import type { ExecutionContext } from '../kernel/index.js'

/** The answer that stands in for the real one. */
export interface ChaosAnswer {
  /** From 400 to 599. */
  readonly status: number
  /** How long the caller is asked to wait, in milliseconds; `Retry-After` has the whole seconds. */
  readonly retryAfterMs?: number
}

/**
 * One way to fail.
 *
 * - `'connection'`: no connection can be made (`CONNECT_FAILED`).
 * - `'reset'`: the connection breaks before the answer (`CONNECTION_LOST`).
 * - `'timeout'`: no answer comes; the timeout around it ends the wait. Where there is none, the call fails at once
 *   (`ATTEMPT_TIMEOUT`).
 * - a status from 400 to 599, or a `ChaosAnswer`.
 * - a function that makes the error, or a promise of it; when it gives `undefined`, the call goes on.
 */
export type ChaosError<Call = ExecutionContext> =
  | 'connection'
  | 'reset'
  | 'timeout'
  | number
  | ChaosAnswer
  | ((call: Call) => unknown)

/** From `minMs` to `maxMs`, each as likely as the others. */
export interface ChaosRange {
  /** @default 0 */
  readonly minMs?: number
  readonly maxMs: number
}

/** What chaos does to a call: `latency` when the call is only late, else how it fails. */
export type ChaosKind = 'latency' | 'connection' | 'reset' | 'timeout' | 'status' | 'custom'

/** What chaos has drawn for one call. */
export interface ChaosInjection {
  readonly kind: ChaosKind
  /** How long it is held up before, in milliseconds; 0 for not at all. */
  readonly latencyMs: number
  /** Of the kind `'status'`. */
  readonly answer: ChaosAnswer | undefined
  /** Of the kind `'custom'`: makes the error. */
  readonly makeError: (() => Promise<unknown>) | undefined
}

/** The names of the failures that are not statuses. */
export const chaosErrorNames = ['connection', 'reset', 'timeout'] as const

/** What is injected for `error`; `undefined` for latency alone. */
export function injectionOf<Call>(
  error: ChaosError<Call> | undefined,
  latencyMs: number,
  call: Call,
): ChaosInjection {
  const none = { latencyMs, answer: undefined, makeError: undefined }
  if (error === undefined) return { ...none, kind: 'latency' }
  if (typeof error === 'string') return { ...none, kind: error }
  if (typeof error === 'number') return { ...none, kind: 'status', answer: { status: error } }
  if (typeof error === 'function')
    return { ...none, kind: 'custom', makeError: () => outcomeOf(() => error(call)) }
  return { ...none, kind: 'status', answer: error }
}

/** What `make` gives, or throws, at once or later. */
async function outcomeOf(make: () => unknown): Promise<unknown> {
  try {
    return await make()
  } catch (error) {
    return error
  }
}
