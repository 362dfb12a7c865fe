import type { Phase } from './phases.js'
import type { ArmRecord, SettledCall } from './record.js'
import type { SideProcess } from './side-process.js'

/** One side while the experiment runs. */
export interface LiveArm {
  readonly name: string
  /** The calls that have settled so far. */
  readonly calls: readonly SettledCall[]
}

/** Shows what happens, as it happens. */
export interface Observer {
  /** Called several times a second. */
  progress(nowMs: number, arms: readonly LiveArm[]): void
}

/** What came out. */
export interface Experiment {
  readonly phases: readonly Phase[]
  readonly arms: readonly ArmRecord[]
}

const lookEveryMs = 100

/** Sends the same calls at the same time to all sides, while their payments services go through the phases. */
export async function runExperiment(
  sides: readonly SideProcess[],
  phases: readonly Phase[],
  observer: Observer,
): Promise<Experiment> {
  const startedAt = performance.now()
  const timer = setInterval(() => observer.progress(performance.now() - startedAt, sides), lookEveryMs)
  try {
    return { phases, arms: await Promise.all(sides.map((side) => side.run(phases))) }
  } finally {
    clearInterval(timer)
  }
}
