import type { EventEmitter } from 'node:events'
import { type ActiveContext, contextStorage } from '../context/index.js'

type Emit = (name: string | symbol, ...args: unknown[]) => boolean

/**
 * Has the listeners of a request or a response run in its context. Node calls them from the socket or from its parser,
 * whose own context is the one of whoever opened the connection.
 */
export function bindEvents(emitter: EventEmitter, context: ActiveContext): void {
  const emit = emitter.emit as Emit
  const bound: Emit = function (this: EventEmitter, ...args) {
    if (contextStorage.getStore() === context) return emit.apply(this, args)
    return contextStorage.run(context, () => emit.apply(this, args))
  }
  emitter.emit = bound as typeof emitter.emit
}
