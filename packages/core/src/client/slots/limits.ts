import type { OptionCheck } from '../../foundation/config/index.js'
import type { AdaptiveConcurrencyRejection, ShadowRejection } from '../../policies/index.js'
import { namesOf } from '../attempt/named-call.js'
import type { ForwardTarget } from './policy-slot.js'

/** A limit of attempts in flight. */
interface Limit {
  on(name: 'reject', listener: (rejection: AdaptiveConcurrencyRejection) => void): unknown
  on(name: 'shadowReject', listener: (rejection: ShadowRejection) => void): unknown
}

/** Reports whom a limit of attempts in flight turns away. The adaptive limit's own `shed` comes beside a `reject`. */
export function forwardRejections(limit: Limit, { dependency, events }: ForwardTarget): void {
  limit.on('reject', ({ execution, reason }) => {
    const names = { dependency, ...namesOf(execution) }
    if (reason === 'queue timeout' || reason === 'shed') events.emit('shed', names)
    else events.emit('reject', { ...names, reason })
  })
  limit.on('shadowReject', ({ execution, reason }) => {
    events.emit('shadowReject', { dependency, ...namesOf(execution), reason })
  })
}

/** More permits than connections would have calls wait where nobody sees them. */
export function checkConnections(
  check: OptionCheck,
  path: string,
  permits: number,
  connections: number | undefined,
): void {
  if (connections === undefined || permits <= connections) return
  const tooFew = `is above the ${connections} connections that the client was made with, and calls would wait unseen`
  check.add(path, `${tooFew}; give at most ${connections}, or make a new client with connections`)
}
