import { setTimeout as sleep } from 'node:timers/promises'

/** How well the load generator kept to its plan. */
export interface Punctuality {
  /** The longest that an arrival was late, in milliseconds. */
  readonly maxLateMs: number
}

/**
 * Calls `fire` for each arrival when it is due, and never waits for what comes of it: callers in the outside world do
 * not wait for each other either. A generator that waits hides an overload.
 *
 * @param startedAt by `performance.now()`
 */
export async function openLoop<Item extends { readonly atMs: number }>(
  arrivals: readonly Item[],
  startedAt: number,
  fire: (arrival: Item) => void,
): Promise<Punctuality> {
  let maxLateMs = 0
  for (const arrival of arrivals) {
    let lateMs = performance.now() - startedAt - arrival.atMs
    // Timers are good to a millisecond: what is due within this one is fired now.
    while (lateMs < -1) {
      await sleep(-lateMs)
      lateMs = performance.now() - startedAt - arrival.atMs
    }
    maxLateMs = Math.max(maxLateMs, lateMs)
    fire(arrival)
  }
  return { maxLateMs }
}
