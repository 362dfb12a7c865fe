import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Operation } from '../../contract/index.js'
import { OptionCheck } from '../../foundation/config/index.js'
import { AbortedError, ConfigInvalidError, isHoldfastError } from '../../foundation/errors/index.js'
import type { ScriptedResponse } from '../scripted-transport/dispatch-exchange.js'
import { headerPairs } from '../scripted-transport/request-headers.js'
import { asSent, MockResponse, successOf } from './mock-response.js'
import type { MockCall } from './mock-types.js'

/** Says which call a request belongs to: the transport knows nothing of operations. Never shown to anybody. */
export const callHeader = 'x-holdfast-mock-call'

/** A call between the mock and its dispatcher. */
export interface PendingCall {
  readonly operation: string
  readonly input: unknown
  /** What is wrong with the mock or its handler, and therefore no outcome of a call. */
  failure: { readonly error: unknown } | undefined
}

type AnyHandler = (input: unknown, call: MockCall<unknown>) => unknown

/** Connects calls with their handlers, and remembers them. */
export class MockSwitchboard {
  readonly calls: Record<string, MockCall<unknown>[]> = {}
  readonly #name: string
  readonly #operations: Readonly<Record<string, Operation>>
  readonly #handlers = new Map<string, unknown>()
  readonly #pending = new Map<string, PendingCall>()
  #lastId = 0

  constructor(name: string, operations: Readonly<Record<string, Operation>>) {
    this.#name = name
    this.#operations = operations
    for (const operation of Object.keys(operations)) this.calls[operation] = []
  }

  handle(handlers: object): void {
    const check = new OptionCheck(`mock of '${this.#name}'`)
    if (check.object('', handlers ?? null, Object.keys(this.#operations))) {
      for (const [operation, handler] of Object.entries(handlers ?? {}))
        this.#handlers.set(operation, handler)
    }
    check.done()
  }

  clearCalls(): void {
    for (const calls of Object.values(this.calls)) calls.length = 0
  }

  open(operation: string, input: unknown): { readonly id: string; readonly call: PendingCall } {
    const id = String(++this.#lastId)
    const call: PendingCall = { operation, input, failure: undefined }
    this.#pending.set(id, call)
    return { id, call }
  }

  close(id: string): void {
    this.#pending.delete(id)
  }

  async respond(options: Dispatcher.DispatchOptions, signal: AbortSignal): Promise<ScriptedResponse> {
    const headers: Record<string, string> = Object.fromEntries(headerPairs(options.headers))
    const pending = this.#pending.get(headers[callHeader] ?? '')
    // An attempt whose call has been given up.
    if (pending === undefined) throw new AbortedError()
    delete headers[callHeader]
    const { method, path } = options
    const body = (options.body ?? undefined) as MockCall<unknown>['body']
    try {
      return await this.#answer(pending, {
        input: pending.input,
        method,
        path,
        headers,
        body,
        signal,
      } as MockCall<unknown>)
    } catch (error) {
      if (isHoldfastError(error) && error.code !== 'CONFIG_INVALID') throw error
      pending.failure = { error }
      throw new AbortedError('the mock failed', { cause: error })
    } finally {
      if (body instanceof Readable) body.destroy()
    }
  }

  async #answer({ operation: name, input }: PendingCall, call: MockCall<unknown>): Promise<ScriptedResponse> {
    const operation = this.#operations[name]
    const handler = this.#handlers.get(name)
    if (operation === undefined || (handler === undefined && !this.#handlers.has(name))) {
      const message = 'was called but has no handler; give one to mockClient() or $handle()'
      throw new ConfigInvalidError(`mock of '${this.#name}'`, [{ path: name, message }])
    }
    this.calls[name]?.push(call)
    const outcome = typeof handler === 'function' ? await (handler as AnyHandler)(input, call) : handler
    if (isHoldfastError(outcome)) throw outcome
    const response = outcome instanceof MockResponse ? outcome : successOf(operation, outcome)
    return asSent(operation, response, `mock of '${this.#name}', ${name}`)
  }
}
