import {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  circuitBreaker,
  resolveCircuitBreakerOptions,
} from '../../policies/index.js'
import { verdictOf } from '../attempt/attempt-facts.js'
import { namesOf } from '../attempt/named-call.js'
import { checkSlot, refuseClassify } from './check-slot.js'
import type { KeptSlot, WithCommon } from './policy-slot.js'

/** The option `circuitBreaker`. */
export interface WithCircuitBreaker {
  /** Of each endpoint; `false` for none. */
  readonly circuitBreaker?: Omit<CircuitBreakerOptions, 'classify'> | false
}

/** The options of a breaker by those of a client, which say more than the `usual` ones; `false` for none. */
export function breakerOptionsOf(
  { circuitBreaker: given, random, shadow }: WithCircuitBreaker & WithCommon,
  usual: CircuitBreakerOptions = {},
): CircuitBreakerOptions | false {
  if (given === false) return false
  return {
    ...usual,
    ...(typeof random === 'function' && { random }),
    ...(shadow === true && { shadow }),
    ...given,
    classify: (error, execution) => verdictOf(error, execution).breaker,
  }
}

/** There is one for each endpoint; the attempt asks it itself. */
export const circuitBreakerSlot = {
  name: 'circuitBreaker',
  per: 'endpoint',
  lifetime: 'changeable',
  canShadow: true,
  check(check, given) {
    const { circuitBreaker: own = {} } = given
    refuseClassify(check, 'circuitBreaker', own)
    checkSlot(check, 'circuitBreaker', own, () =>
      resolveCircuitBreakerOptions(breakerOptionsOf(given) as CircuitBreakerOptions),
    )
  },
  optionsOf: breakerOptionsOf,
  make: circuitBreaker,
  checkChange(check, { before, after }) {
    if (before === undefined || before.name === after.name) return
    check.add('circuitBreaker.name', 'cannot change at run time; make a new client')
  },
  forward(breaker, { dependency, origin, events }) {
    const names = { dependency, origin }
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
  },
  close: (breaker) => breaker.shutdown(),
} as const satisfies KeptSlot<WithCircuitBreaker, CircuitBreakerOptions, CircuitBreaker>
