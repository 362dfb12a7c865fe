import type { Phase } from './phases.js'
import type { ArmRecord, SettledCall } from './record.js'
import type { ArmKey } from './side-messages.js'
import { SideProcess } from './side-process.js'

/** One side while the experiment runs. */
export interface LiveArm {
  readonly name: string
  readonly gatewayUrl: string
  /** The calls that have settled so far. */
  readonly calls: readonly SettledCall[]
}

/** Shows what happens, as it happens. */
export interface Observer {
  started(arms: readonly LiveArm[]): void
  /** Called several times a second. */
  progress(nowMs: number, arms: readonly LiveArm[]): void
}

/** What came out. */
export interface Experiment {
  readonly phases: readonly Phase[]
  readonly arms: readonly ArmRecord[]
}

const lookEveryMs = 100

/** Sends the same calls at the same time to both sides, while their payments services go through the phases. */
export async function runExperiment(
  arms: readonly ArmKey[],
  phases: readonly Phase[],
  seed: number,
  observer: Observer,
): Promise<Experiment> {
  const sides = await Promise.all(arms.map((arm) => SideProcess.start(arm, seed)))
  observer.started(sides)
  const startedAt = performance.now()
  const timer = setInterval(() => observer.progress(performance.now() - startedAt, sides), lookEveryMs)
  try {
    return { phases, arms: await Promise.all(sides.map((side) => side.run(phases))) }
  } finally {
    clearInterval(timer)
    await Promise.all(sides.map((side) => side[Symbol.asyncDispose]()))
  }
}
