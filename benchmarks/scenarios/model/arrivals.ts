import type { Timeline } from './timeline.js'

/** From that moment of the run on, calls come at that rate. */
export interface RateStep {
  readonly fromMs: number
  readonly perSecond: number
}

/**
 * An open-loop Poisson process: calls come when they come, whether or not those before have been answered. The rate
 * changes at each step; after the last it is that of the last, until `untilMs`.
 */
export function poissonArrivals(
  timeline: Timeline,
  { steps, untilMs, random }: { steps: readonly RateStep[]; untilMs: number; random: () => number },
  onArrival: () => void,
): void {
  let step = 0
  const nextAfter = (ms: number): number => {
    for (;;) {
      const perSecond = steps[step]?.perSecond ?? 0
      const endMs = steps[step + 1]?.fromMs ?? Number.POSITIVE_INFINITY
      const nextMs = perSecond === 0 ? endMs : ms - (Math.log(1 - random()) * 1_000) / perSecond
      if (nextMs < endMs) return nextMs
      if (endMs === Number.POSITIVE_INFINITY) return endMs
      // The process has no memory: drawing again from the boundary on changes nothing.
      ms = endMs
      step++
    }
  }
  let nextMs = nextAfter(steps[0]?.fromMs ?? 0)
  const tick = () => {
    // A timer that comes late finds several that are due.
    while (nextMs <= timeline.now() && nextMs < untilMs) {
      nextMs = nextAfter(nextMs)
      onArrival()
    }
    if (nextMs < untilMs) timeline.at(nextMs, tick)
  }
  if (nextMs < untilMs) timeline.at(nextMs, tick)
}
