/** The time of a run, virtual or real, in milliseconds since it began. */
export interface Timeline {
  now(): number
  /** Calls `run` at that moment, or as soon after it as timers allow. */
  at(ms: number, run: () => void): void
}

/** Real time, with the resolution of Node's timers. */
export function realTimeline(): Timeline {
  const beganAt = performance.now()
  const now = () => performance.now() - beganAt
  return {
    now,
    at: (ms, run) => {
      setTimeout(run, Math.max(0, Math.round(ms - now())))
    },
  }
}
