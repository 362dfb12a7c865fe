import type { ClientControls } from '@holdfast/core'
import type { Transition } from '../arm.js'

/** Tells of every change of a client's circuit breakers. */
export function reportTransitions(
  client: ClientControls,
  onTransition: (transition: Transition) => void,
): void {
  client.$on('open', ({ dependency }) => onTransition({ dependency, state: 'open' }))
  client.$on('halfOpen', ({ dependency }) => onTransition({ dependency, state: 'half-open' }))
  client.$on('close', ({ dependency }) => onTransition({ dependency, state: 'closed' }))
}
