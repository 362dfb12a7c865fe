import { EventEmitter } from 'node:events'
import { type ActiveContext, contextStorage } from '../../telemetry/context/index.js'

/** Where a request or a response has its exchange. */
export const exchangeKey = Symbol.for('holdfast.exchange')

interface InContext {
  readonly context: ActiveContext
}

interface Bound {
  [exchangeKey]?: InContext | undefined
  emit: unknown
}

type Emit = (this: EventEmitter, name: string | symbol, ...args: unknown[]) => boolean

const plainEmit = EventEmitter.prototype.emit as Emit

/**
 * Makes a request or a response part of an exchange: from now on its listeners run in the context of the exchange. Node
 * calls them from the socket or from its parser, whose own context is the one of whoever opened the connection.
 */
export function bind(emitter: EventEmitter, exchange: InContext): void {
  const bound = emitter as unknown as Bound
  bound[exchangeKey] = exchange
  // One function for all of them, unless others have put theirs in its place: a closure each costs more than it does.
  if (bound.emit === plainEmit) bound.emit = emitInContext
  else if (bound.emit !== emitInContext) bound.emit = emittingInContext(bound.emit as Emit)
}

/** Makes room for what `bind` adds, before a framework changes the prototype: each property added later costs 2 us. */
export function prepareToBind(request: object, response: object): void {
  ;(request as Bound)[exchangeKey] = undefined
  ;(response as Bound)[exchangeKey] = undefined
}

/** Spares `bind` a property of its own for each request: for a framework whose requests have a prototype of theirs. */
export function preparePrototype(prototype: object): void {
  if ((prototype as Bound).emit === plainEmit) (prototype as Bound).emit = emitInContext
}

function emittingInContext(emit: Emit): Emit {
  const emitFrom = (emitter: EventEmitter, name: string | symbol, args: unknown[]) =>
    emit.call(emitter, name, ...args)
  return function (this: EventEmitter, name, ...args) {
    if (name !== 'error' && this.listenerCount(name) === 0) return false
    const context = (this as unknown as Bound)[exchangeKey]?.context
    if (context === undefined || contextStorage.getStore() === context) return emit.call(this, name, ...args)
    return contextStorage.run(context, emitFrom, this, name, args)
  }
}

const emitInContext = emittingInContext(plainEmit)
