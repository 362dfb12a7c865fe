import { AsyncResource } from 'node:async_hooks'
import type { Duplex } from 'node:stream'
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { OwnContextSource } from '../../../http/transport/index.js'
import type { HandlerHeaders } from './backlog.js'

type Controller = Dispatcher.DispatchController

/** Calls a handler in the context of whoever dispatched it: undici calls back in that of whoever opened the socket. */
export class OwnContextHandler implements Dispatcher.DispatchHandler {
  readonly #owner = new AsyncResource('HoldfastDispatch')
  readonly #handler: Dispatcher.DispatchHandler

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#run(() => this.#handler.onRequestStart?.(controller, context))
  }

  onRequestUpgrade(controller: Controller, status: number, headers: HandlerHeaders, socket: Duplex): void {
    this.#run(() => this.#handler.onRequestUpgrade?.(controller, status, headers, socket))
  }

  onResponseStart(controller: Controller, status: number, headers: HandlerHeaders, message?: string): void {
    this.#run(() => this.#handler.onResponseStart?.(controller, status, headers, message))
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#run(() => this.#handler.onResponseData?.(controller, chunk))
  }

  onResponseEnd(controller: Controller, trailers: HandlerHeaders): void {
    this.#run(() => this.#handler.onResponseEnd?.(controller, trailers))
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#run(() => this.#handler.onResponseError?.(controller, error))
  }

  /** `body` as undici is to read it: a stream in the same context. */
  bodyOf(body: unknown): unknown {
    if (!(body instanceof Readable) || body.destroyed || isWhole(body)) return body
    return new OwnContextSource(body, this.#owner)
  }

  #run(call: () => void): void {
    this.#owner.runInAsyncScope(call)
  }
}

/** Whether everything is in its buffer already, so that undici knows its length. */
function isWhole(body: Readable): boolean {
  const { _readableState: state } = body as Readable & { readonly _readableState?: { ended?: boolean } }
  return state?.ended === true
}
