import type { Emitter } from '../policies/index.js'
import type { ClientEvents } from './client-events.js'
import { namesOf } from './repeat-layers.js'
import type { SharedPolicies } from './resolve-options.js'

/** Reports what a client's shared policies do through the client's own events. */
export function forwardEvents(
  dependency: string,
  { breaker, bulkhead, rateLimit, origin }: SharedPolicies & { readonly origin: string },
  events: Emitter<ClientEvents>,
): void {
  breaker?.on('open', (event) => events.emit('open', { dependency, origin, ...event }))
  breaker?.on('halfOpen', () => events.emit('halfOpen', { dependency, origin }))
  breaker?.on('close', () => events.emit('close', { dependency, origin }))
  breaker?.on('reject', ({ execution }) => {
    events.emit('reject', { dependency, ...namesOf(execution), reason: 'circuit open' })
  })
  bulkhead?.on('reject', ({ execution, reason }) => {
    const names = { dependency, ...namesOf(execution) }
    if (reason === 'queue timeout') events.emit('shed', names)
    else events.emit('reject', { ...names, reason })
  })
  rateLimit?.on('reject', ({ execution }) => {
    events.emit('reject', { dependency, ...namesOf(execution), reason: 'rate limit' })
  })
}
