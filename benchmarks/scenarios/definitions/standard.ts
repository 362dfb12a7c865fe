import type { Timing } from '../model/scenario.js'

/** Unless a row says otherwise: 60 s of healthy warm-up, the event, 60 s. */
export function standardTiming(eventMs: number): Timing {
  return { warmUpMs: 60_000, eventMs, afterMs: 60_000 }
}

/** The event goes on to the end. */
export const lastingEvent: Timing = { warmUpMs: 60_000, eventMs: 60_000, afterMs: 0 }

/** From the beginning of the warm-up on. */
export const always = Number.NEGATIVE_INFINITY
export const clients = 4
export const meanMs = 10

/** Holdfast's own, which the other clients get as well where a row names none. */
export const attemptTimeoutMs = 3_000

/** Errors are sent both as 500 and as 503 without Retry-After. */
export const errorStatuses = [500, 503] as const

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`
}
