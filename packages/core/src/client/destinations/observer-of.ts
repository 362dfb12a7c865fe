import { METHODS } from 'node:http'
import type { OperationObserver } from '../call/call-observer.js'
import type { ClientTelemetry } from '../call/client-telemetry.js'
import type { OriginEntry } from './origin-registry.js'

const known: ReadonlySet<string> = new Set(METHODS)

/** What watches the calls of one method to one origin; `undefined` when nobody wants to know of them. */
export function observerOf(
  telemetry: ClientTelemetry,
  { dependency, origin, observers }: OriginEntry,
  method: string,
): OperationObserver | undefined {
  const kept = observers.get(method)
  if (kept !== undefined || observers.has(method)) return kept
  const isKnown = known.has(method)
  const operation = isKnown ? method : '_OTHER'
  const observer = telemetry.operation({ dependency, operation, method, template: undefined, origin })
  // Methods that somebody makes up are without number.
  if (isKnown) observers.set(method, observer)
  return observer
}
