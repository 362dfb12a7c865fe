import { STATUS_CODES } from 'node:http'
import type { Dispatcher } from 'undici'
import type { ChaosAnswer } from '../../../policies/index.js'
import { type InjectedAnswer, injectedAnswer } from './injected-answer.js'

/** A dispatch that asks nobody: it gives the answer of chaos. */
export function answeringDispatch(answer: ChaosAnswer): Dispatcher['dispatch'] {
  return ({ method }, handler) => {
    new GivenAnswer(injectedAnswer(answer, method), handler).start()
    return true
  }
}

/** Gives an answer to a handler, as fast as that takes it. */
class GivenAnswer implements Dispatcher.DispatchController {
  readonly rawHeaders = null
  readonly rawTrailers = null
  readonly #answer: InjectedAnswer
  readonly #handler: Dispatcher.DispatchHandler
  #reason: Error | null = null
  #isPaused = false
  #next: 'body' | 'end' | 'nothing' = 'body'

  constructor(answer: InjectedAnswer, handler: Dispatcher.DispatchHandler) {
    this.#answer = answer
    this.#handler = handler
  }

  get aborted(): boolean {
    return this.#reason !== null
  }

  get reason(): Error | null {
    return this.#reason
  }

  get paused(): boolean {
    return this.#isPaused
  }

  start(): void {
    const { status, headers } = this.#answer
    this.#handler.onRequestStart?.(this, {})
    if (this.aborted) return
    this.#handler.onResponseStart?.(this, status, headers, STATUS_CODES[status])
    this.#proceed()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#proceed()
  }

  abort(reason: Error): void {
    if (this.aborted || this.#next === 'nothing') return
    this.#reason = reason
    this.#handler.onResponseError?.(this, reason)
  }

  #proceed(): void {
    if (this.#next === 'body' && !this.#isPaused && !this.aborted) {
      this.#next = 'end'
      if (this.#answer.body.byteLength > 0) this.#handler.onResponseData?.(this, this.#answer.body)
    }
    if (this.#next === 'end' && !this.#isPaused && !this.aborted) {
      this.#next = 'nothing'
      this.#handler.onResponseEnd?.(this, {})
    }
  }
}
