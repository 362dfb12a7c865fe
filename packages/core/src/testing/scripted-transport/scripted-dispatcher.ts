import { Dispatcher, errors } from 'undici'
import { DispatchExchange, type Responder } from './dispatch-exchange.js'

/** A dispatcher without connections: it asks `respond` for every response. */
export class ScriptedDispatcher extends Dispatcher {
  readonly #respond: Responder
  readonly #exchanges = new Set<DispatchExchange>()

  constructor(respond: Responder) {
    super()
    this.#respond = respond
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const exchange = new DispatchExchange(handler)
    this.#exchanges.add(exchange)
    void exchange.run(options, this.#respond).then(() => this.#exchanges.delete(exchange))
    return true
  }

  override close(callback?: () => void): Promise<void> {
    callback?.()
    return Promise.resolve()
  }

  override destroy(reason?: unknown, callback?: () => void): Promise<void> {
    const error = reason instanceof Error ? reason : new errors.ClientDestroyedError()
    for (const exchange of this.#exchanges) exchange.abort(error)
    const done = typeof reason === 'function' ? (reason as () => void) : callback
    done?.()
    return Promise.resolve()
  }
}
