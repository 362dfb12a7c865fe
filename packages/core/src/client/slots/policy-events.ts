import type { Emitter } from '../../foundation/events/index.js'
import type { AdaptiveConcurrencyRejection, CircuitBreaker, ShadowRejection } from '../../policies/index.js'
import type { ClientEvents } from '../../telemetry/events/index.js'
import { namesOf } from '../attempt/named-call.js'
import type { CommonPolicies } from './shared-policies.js'

/** Reports what the breaker of one endpoint does through the client's own events. */
export function forwardBreaker(
  names: { readonly dependency: string; readonly origin: string },
  breaker: CircuitBreaker | undefined,
  events: Emitter<ClientEvents>,
): void {
  const { dependency } = names
  if (breaker === undefined) return
  const named = () => (breaker.shadow ? { ...names, shadow: true as const } : names)
  breaker.on('open', (event) => events.emit('open', { ...named(), ...event }))
  breaker.on('halfOpen', () => events.emit('halfOpen', named()))
  breaker.on('close', () => events.emit('close', named()))
  breaker.on('reject', ({ execution }) => {
    events.emit('reject', { dependency, ...namesOf(execution), reason: 'circuit open' })
  })
  breaker.on('shadowReject', ({ execution }) => {
    events.emit('shadowReject', { dependency, ...namesOf(execution), reason: 'circuit open' })
  })
}

/** Reports what the policies do that all endpoints of a dependency share. */
export function forwardLimits(
  dependency: string,
  { adaptive, bulkhead, rateLimit }: Partial<CommonPolicies>,
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
  const shadowReject = ({ execution, reason }: ShadowRejection): void => {
    events.emit('shadowReject', { dependency, ...namesOf(execution), reason })
  }
  adaptive?.on('shadowReject', shadowReject)
  bulkhead?.on('shadowReject', shadowReject)
  rateLimit?.on('shadowReject', ({ execution }) => {
    events.emit('shadowReject', { dependency, ...namesOf(execution), reason: 'rate limit' })
  })
}
