import type { Due } from '../../foundation/cancellation/index.js'

/** Fires when who has waited longest may have to be shed; runs only while somebody waits. */
export class ShedTimer implements Due {
  dueAt = 0
  earlier: Due | undefined = undefined
  later: Due | undefined = undefined
  queue: Due['queue'] = undefined
  readonly fire: () => void

  constructor(fire: () => void) {
    this.fire = fire
  }

  get isSet(): boolean {
    return this.queue !== undefined
  }
}
