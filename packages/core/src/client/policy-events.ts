import type { AdaptiveConcurrencyRejection, CircuitBreaker, Emitter } from '../policies/index.js'
import type { ClientEvents } from './client-events.js'
import { namesOf } from './repeat-layers.js'
import type { SharedPolicies } from './shared-policies.js'

/** Reports what the breaker of one endpoint does through the client's own events. */
export function forwardBreaker(
  names: { readonly dependency: string; readonly origin: string },
  breaker: CircuitBreaker | undefined,
  events: Emitter<ClientEvents>,
): void {
  const { dependency } = names
  breaker?.on('open', (event) => events.emit('open', { ...names, ...event }))
  breaker?.on('halfOpen', () => events.emit('halfOpen', names))
  breaker?.on('close', () => events.emit('close', names))
  breaker?.on('reject', ({ execution }) => {
    events.emit('reject', { dependency, ...namesOf(execution), reason: 'circuit open' })
  })
}

/** Reports what the policies do that all endpoints of a dependency share. */
export function forwardLimits(
  dependency: string,
  { adaptive, bulkhead, rateLimit }: SharedPolicies,
  events: Emitter<ClientEvents>,
): void {
  const reject = ({ execution, reason }: AdaptiveConcurrencyRejection): void => {
    const names = { dependency, ...namesOf(execution) }
    if (reason === 'queue timeout' || reason === 'shed') events.emit('shed', names)
    else events.emit('reject', { ...names, reason })
  }
  // The adaptive limit's own `shed` comes beside a `reject`.
  adaptive?.on('reject', reject)
  bulkhead?.on('reject', reject)
  rateLimit?.on('reject', ({ execution }) => {
    events.emit('reject', { dependency, ...namesOf(execution), reason: 'rate limit' })
  })
}
