import type { Priority } from '../../foundation/priority/index.js'
import type { ActiveContext } from '../../telemetry/context/index.js'
import { type AdmissionControl, timerSlackMs, type Waiting } from './admission-control.js'
import type { AdmissionReason } from './admission-refusal.js'

/** What becomes of a request that waits. Neither is called when its caller leaves. */
export interface AdmissionTurn {
  admitted(now: number): void
  refused(reason: AdmissionReason): void
}

/** A request in the queue: it leaves with its caller, and when its time is up. */
export class WaitingRequest implements Waiting {
  readonly priority: Priority
  readonly since: number
  earlier: Waiting | undefined = undefined
  later: Waiting | undefined = undefined
  isQueued = false
  readonly #control: AdmissionControl
  readonly #context: ActiveContext
  readonly #turn: AdmissionTurn

  constructor(control: AdmissionControl, context: ActiveContext, turn: AdmissionTurn) {
    this.priority = context.priority
    this.since = performance.now()
    this.#control = control
    this.#context = context
    this.#turn = turn
  }

  /** Begins to wait; the turn may come before this returns. */
  begin(): void {
    this.#control.wait(this, this.since)
    if (this.isQueued) this.#context.attach(this)
  }

  admitted(now: number): void {
    this.#context.detach(this)
    this.#turn.admitted(now)
  }

  refused(reason: AdmissionReason): void {
    this.#context.detach(this)
    this.#turn.refused(reason)
  }

  /** The caller has left, or the time is up. */
  abort(): void {
    this.#control.withdraw(this)
    if (this.#context.deadline <= performance.now() + timerSlackMs) this.#turn.refused('deadline')
  }
}
