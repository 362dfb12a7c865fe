import { type CanaryOptions, type CanaryResult, trafficSplit } from '@holdfast/core'
import { type Random, seededRandom } from '@holdfast/core/testing'

/** How one version of the simulation behaves. */
export interface SimulatedVersion {
  /** The share of its calls that fail, from 0 to 1. */
  readonly errorRate: number
  /** Draws the latency of one call, in milliseconds. */
  readonly latency: (random: Random) => number
}

/** One canary, simulated. */
export interface Simulation {
  readonly stable: SimulatedVersion
  readonly canary: SimulatedVersion
  /** Of both versions together. */
  readonly callsPerSecond: number
  readonly options?: CanaryOptions<'stable' | 'canary'>
  readonly seed: number
  /** After which it counts as undecided. */
  readonly maxSeconds: number
}

/** How it ended; `outcome` is `undefined` for one that was still on its way. */
export interface SimulatedEnd {
  readonly outcome: CanaryResult['outcome'] | undefined
  readonly seconds: number
  /** Calls that the canary had got by then, and those of them that failed. */
  readonly calls: number
  readonly failed: number
}

/** Runs one canary in virtual time: the judge's interval and its clock are the simulation's. */
export function simulateCanary(simulation: Simulation): SimulatedEnd {
  const { callsPerSecond, maxSeconds, options, seed } = simulation
  const random = seededRandom(seed)
  const real = { now: performance.now, setInterval: globalThis.setInterval }
  let now = 0
  let look = (): void => {}
  performance.now = () => now
  globalThis.setInterval = ((run: () => void) => {
    look = run
    return real.setInterval(() => {}, 2 ** 30)
  }) as typeof setInterval
  try {
    let end: CanaryResult | undefined
    const split = trafficSplit({ weights: { stable: 100, canary: 0 }, random })
    for (const name of ['canaryPromoted', 'canaryRolledBack'] as const) {
      split.on(name, (result) => {
        end = result
      })
    }
    split.startCanary('canary', options)
    while (end === undefined && now < maxSeconds * 1_000) {
      now += 1_000
      for (let call = 0; call < callsPerSecond; call++) {
        const version = split.choose()
        const { errorRate, latency } = simulation[version]
        split.report(version, { ok: random() >= errorRate, tookMs: latency(random) })
      }
      look()
    }
    split.close()
    const { decided: calls, failed } = split.stats().versions.canary
    return { outcome: end?.outcome, seconds: now / 1_000, calls, failed }
  } finally {
    performance.now = real.now
    globalThis.setInterval = real.setInterval
  }
}
