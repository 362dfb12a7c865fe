import { type HedgeSettings, isIdempotent, type Operation, type RetrySettings } from '../../contract/index.js'
import type { Priority } from '../../foundation/priority/index.js'
import {
  type CallPolicyOptions,
  type ClientOptions,
  clientDefaults,
  type Fallback,
} from '../options/client-options.js'
import {
  type CacheSettings,
  type CoalesceSettings,
  cacheSettingsOf,
  coalesceSettingsOf,
} from './read-settings.js'

/** How one operation of one client is protected. */
export interface OperationSettings {
  readonly timeoutMs: number | false
  readonly attemptTimeoutMs: number | false
  readonly idleTimeoutMs: number | false
  readonly retry: false | RetrySettings
  /** Whether the operation itself asked for retries, so that it is wrong not to be able to. */
  readonly mustRetry: boolean
  readonly hedge: false | HedgeSettings
  readonly fallback: Fallback | undefined
  readonly cache: CacheSettings | undefined
  readonly coalesce: CoalesceSettings | undefined
  /** `undefined` where it is that of the request that a call is made for. */
  readonly priority: Priority | undefined
}

/** Merges what client, contract and override say, weakest first: defaults, client, contract, override. */
export function settingsOf(
  operation: Operation,
  options: ClientOptions<object>,
  override: CallPolicyOptions = {},
): OperationSettings {
  const attemptTimeoutMs =
    override.attemptTimeoutMs ??
    operation.attemptTimeoutMs ??
    options.attemptTimeoutMs ??
    clientDefaults.attemptTimeoutMs
  return {
    timeoutMs: override.timeoutMs ?? operation.timeoutMs ?? options.timeoutMs ?? clientDefaults.timeoutMs,
    attemptTimeoutMs,
    idleTimeoutMs: override.idleTimeoutMs ?? options.idleTimeoutMs ?? attemptTimeoutMs,
    retry: mergeRetry(options.retry, operation.retry, override.retry),
    mustRetry: asksForRetries(override.retry ?? operation.retry),
    hedge: mergeHedge(operation, override.hedge ?? operation.hedge ?? options.hedge ?? false),
    fallback: (override.fallback ?? options.fallback) || undefined,
    cache: cacheSettingsOf(operation, options.cache, override.cache),
    coalesce: coalesceSettingsOf(operation, options.coalesce, override.coalesce),
    priority: override.priority ?? operation.priority ?? options.priority,
  }
}

function asksForRetries(retry: false | RetrySettings | undefined): boolean {
  return typeof retry === 'object' && retry.maxAttempts !== 1
}

/** The strongest says whether there are retries at all; their details add up. */
function mergeRetry(...weakestFirst: (false | RetrySettings | undefined)[]): false | RetrySettings {
  const given = weakestFirst.filter((retry) => retry !== undefined)
  if (given.at(-1) === false) return false
  const asked: RetrySettings = Object.assign({}, ...given.slice(given.lastIndexOf(false) + 1))
  const { maxAttempts, baseMs = clientDefaults.retry.baseMs } = asked
  const maxMs = asked.maxMs ?? Math.max(clientDefaults.retry.maxMs, baseMs)
  // The two contradict each other only where both were given together, which has been checked; here a bound is a bound.
  return {
    ...asked,
    maxAttempts: maxAttempts ?? clientDefaults.retry.maxAttempts,
    baseMs: Math.min(baseMs, maxMs),
    maxMs,
  }
}

/** A client may ask for hedging in general; that is never meant for what must not be sent twice. */
function mergeHedge(operation: Operation, hedge: boolean | HedgeSettings): false | HedgeSettings {
  if (hedge === false || !isIdempotent(operation)) return false
  return hedge === true ? {} : hedge
}
