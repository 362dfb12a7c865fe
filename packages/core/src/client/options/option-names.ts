import type { ClientOptions } from './client-options.js'

/** Every option of a client, and whether it can change at run time. One that is missing here does not compile. */
const clientOptions = {
  adaptiveConcurrency: 'changeable',
  attemptTimeoutMs: 'changeable',
  balancing: 'fixed',
  baseUrl: 'fixed',
  bulkhead: 'changeable',
  cache: 'fixed',
  chaos: 'fixed',
  circuitBreaker: 'changeable',
  coalesce: 'fixed',
  connectTimeoutMs: 'fixed',
  connections: 'fixed',
  dispatcher: 'fixed',
  endpoints: 'fixed',
  fallback: 'changeable',
  headers: 'changeable',
  hedge: 'changeable',
  http2: 'fixed',
  idleTimeoutMs: 'changeable',
  maxResponseBytes: 'changeable',
  onInvalid: 'changeable',
  operations: 'changeable',
  priority: 'changeable',
  proxy: 'fixed',
  random: 'changeable',
  rateLimit: 'changeable',
  retry: 'changeable',
  retryBudget: 'changeable',
  shadow: 'changeable',
  timeoutMs: 'changeable',
  traffic: 'fixed',
  validate: 'changeable',
  versions: 'fixed',
  logger: 'fixed',
  metrics: 'fixed',
  propagate: 'fixed',
} as const satisfies Record<keyof ClientOptions, 'changeable' | 'fixed'>

type ClientOptionName = keyof typeof clientOptions

/** The name of an option that can change at run time. */
export type ChangeableName = {
  [Name in ClientOptionName]: (typeof clientOptions)[Name] extends 'changeable' ? Name : never
}[ClientOptionName]

/** The names of a client's options. */
export const clientOptionNames = Object.keys(clientOptions) as readonly ClientOptionName[]

/** The names of those that can change at run time. */
export const changeableNames = clientOptionNames.filter(
  (name): name is ChangeableName => clientOptions[name] === 'changeable',
)
