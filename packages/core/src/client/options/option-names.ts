import { type FixedPolicy, type PolicyName, policySlots } from '../slots/policy-slots.js'
import type { ClientOptions } from './client-options.js'

/** Every option but those of policies, and whether it can change at run time. One that is missing here does not compile. */
const clientOptions = {
  attemptTimeoutMs: 'changeable',
  balancing: 'fixed',
  baseUrl: 'fixed',
  cache: 'fixed',
  coalesce: 'fixed',
  connectTimeoutMs: 'fixed',
  connections: 'fixed',
  dispatcher: 'fixed',
  endpoints: 'fixed',
  fallback: 'changeable',
  headers: 'changeable',
  http2: 'fixed',
  idleTimeoutMs: 'changeable',
  maxResponseBytes: 'changeable',
  onInvalid: 'changeable',
  operations: 'changeable',
  priority: 'changeable',
  proxy: 'fixed',
  random: 'changeable',
  shadow: 'changeable',
  timeoutMs: 'changeable',
  traffic: 'fixed',
  validate: 'changeable',
  versions: 'fixed',
  logger: 'fixed',
  metrics: 'fixed',
  propagate: 'fixed',
} as const satisfies Record<Exclude<keyof ClientOptions, PolicyName>, 'changeable' | 'fixed'>

type OwnName = keyof typeof clientOptions

/** The name of an option that can change at run time. */
export type ChangeableName =
  | Exclude<PolicyName, FixedPolicy>
  | { [Name in OwnName]: (typeof clientOptions)[Name] extends 'changeable' ? Name : never }[OwnName]

const lifetimes = new Map<string, 'changeable' | 'fixed'>([
  ...Object.entries(clientOptions),
  ...policySlots.map(({ lifetime, name }) => [name, lifetime] as const),
])

/** The names of a client's options. */
export const clientOptionNames = [...lifetimes.keys()].sort() as readonly (keyof ClientOptions)[]

/** The names of those that can change at run time. */
export const changeableNames = clientOptionNames.filter(
  (name): name is ChangeableName => lifetimes.get(name) === 'changeable',
)
