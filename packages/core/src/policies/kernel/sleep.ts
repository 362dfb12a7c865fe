import type { AbortScope } from '../../foundation/cancellation/index.js'
import { isHoldfastError, type Phase } from '../../foundation/errors/index.js'
import type { Abortable } from './execution.js'

/**
 * Waits `ms` milliseconds, `Infinity` for as long as it takes; rejects at once with the reason when `scope` is aborted,
 * and says that the call was in `phase` then.
 */
export function sleep(ms: number, scope: AbortScope, phase: Phase = 'backoff'): Promise<void> {
  return new Promise((resolve, reject) => {
    new Sleeper(scope, phase, { resolve, reject }).start(ms)
  })
}

interface Settle {
  resolve(): void
  reject(reason: unknown): void
}

class Sleeper implements Abortable {
  readonly #scope: AbortScope
  readonly #phase: Phase
  readonly #settle: Settle
  #timer: NodeJS.Timeout | undefined = undefined

  constructor(scope: AbortScope, phase: Phase, settle: Settle) {
    this.#scope = scope
    this.#phase = phase
    this.#settle = settle
  }

  start(ms: number): void {
    if (ms !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => {
        this.#scope.detach(this)
        this.#settle.resolve()
      }, ms)
    }
    this.#scope.attach(this)
  }

  abort(reason: unknown): void {
    clearTimeout(this.#timer)
    if (isHoldfastError(reason)) reason.phase ??= this.#phase
    this.#settle.reject(reason)
  }
}
