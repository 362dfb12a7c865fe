import type { RequestListener, ServerResponse } from 'node:http'
import { type OptionCheck, show } from '../../foundation/config/index.js'
import type { Behaviour, Exchange, Fault, Next } from './fault.js'

/** How long a listener that answers nobody is waited for, in milliseconds. Many applications stop with their client. */
const listenerGraceMs = 10_000

/** Treats a request as `behaviour` says. Settles when the work on it has ended. */
export function runBehaviour(behaviour: Behaviour, exchange: Exchange, next: Next): Promise<void> {
  if (typeof behaviour === 'function') return runListener(behaviour, exchange)
  if (isList(behaviour)) return runList(behaviour, 0, exchange, next)
  if (behaviour.kind !== '') exchange.faults.push(behaviour.kind)
  return behaviour.apply(exchange, next)
}

function runList(list: readonly Behaviour[], index: number, exchange: Exchange, next: Next): Promise<void> {
  const behaviour = list[index]
  if (behaviour === undefined) return next()
  return runBehaviour(behaviour, exchange, () => runList(list, index + 1, exchange, next))
}

async function runListener(listener: RequestListener, exchange: Exchange): Promise<void> {
  const ended = whenEnded(exchange.response)
  await (listener(exchange.request, exchange.response) as unknown)
  await Promise.race([ended, exchange.untilGone().then(() => exchange.sleep(listenerGraceMs))])
}

/** A response whose client has gone emits nothing when it is ended, so the method itself has to tell. */
function whenEnded(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = response.end
    const endAndTell = (...args: unknown[]): unknown => {
      resolve()
      return Reflect.apply(end, response, args)
    }
    response.end = endAndTell as typeof end
  })
}

/** Adds what is wrong with a behaviour, everywhere within it. */
export function checkBehaviour(check: OptionCheck, path: string, behaviour: unknown): void {
  if (typeof behaviour === 'function') return
  if (Array.isArray(behaviour)) {
    for (const [index, one] of behaviour.entries()) checkBehaviour(check, `${path}[${index}]`, one)
  } else if (typeof (behaviour as Partial<Fault> | null | undefined)?.apply !== 'function') {
    check.add(path, `must be a fault such as answer(), a listener or a list of them, not ${show(behaviour)}`)
  }
}

/** Every name of a phase that a behaviour knows. */
export function phaseNames(behaviour: Behaviour): string[] {
  if (typeof behaviour === 'function') return []
  if (isList(behaviour)) return behaviour.flatMap(phaseNames)
  return [...(behaviour.phases ?? []), ...(behaviour.choices ?? []).flatMap(phaseNames)]
}

function isList(behaviour: Behaviour): behaviour is readonly Behaviour[] {
  return Array.isArray(behaviour)
}
