import type { RateLimitOptions } from '../../../policies/index.js'
import type { ClientOptions } from '../client-options.js'

/** The options of a client that can change at run time. */
export const changeableNames = [
  'adaptiveConcurrency',
  'attemptTimeoutMs',
  'bulkhead',
  'circuitBreaker',
  'fallback',
  'headers',
  'hedge',
  'idleTimeoutMs',
  'maxResponseBytes',
  'onInvalid',
  'operations',
  'priority',
  'random',
  'rateLimit',
  'retry',
  'retryBudget',
  'shadow',
  'timeoutMs',
  'validate',
] as const satisfies readonly (keyof ClientOptions)[]

type ChangeableName = (typeof changeableNames)[number]

/** What `$update()` takes: any of these options, each in whole or in part. */
export type ClientUpdate<Ops = Record<string, never>> = {
  readonly [Name in Exclude<ChangeableName, 'rateLimit'>]?: ClientOptions<Ops>[Name] | undefined
} & { readonly rateLimit?: Partial<RateLimitOptions> | false | undefined }
