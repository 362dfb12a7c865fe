import type { Arm } from '../arms/arm.js'
import { type Arrival, poissonArrivals } from '../load/arrivals.js'
import { openLoop } from '../load/open-loop.js'
import { type CallKind, makeCall, traffic } from '../load/traffic.js'
import { type Phase, phaseAt } from './phases.js'
import type { ArmRecord, SettledCall, TimedTransition } from './record.js'
import { type RunningArm, startArm } from './running-arm.js'

/** One side while the experiment runs. */
export interface LiveArm {
  readonly name: string
  readonly calls: readonly SettledCall[]
  /** Calls that have not settled. */
  readonly inFlight: number
}

/** What happens, as it happens. */
export interface Observer {
  started?(arms: readonly RunningArm[]): void
  entered?(phase: Phase): void
  /** Called for each arrival. */
  progress?(nowMs: number, arms: readonly LiveArm[]): void
}

/** What came out. */
export interface Experiment {
  readonly phases: readonly Phase[]
  readonly arms: readonly ArmRecord[]
  /** The longest that a call was made after it was due, in milliseconds: how well the load generator kept up. */
  readonly maxLateMs: number
}

/** Sends the same calls at the same times to all sides, while their payments services go through the phases. */
export async function runExperiment(
  arms: readonly Arm[],
  phases: readonly Phase[],
  seed: number,
  observer: Observer = {},
): Promise<Experiment> {
  const clock = new Clock()
  const sides = await Promise.all(arms.map((arm) => Side.start(arm, seed, clock)))
  try {
    observer.started?.(sides.map(({ running }) => running))
    const arrivals = poissonArrivals(traffic, phases.at(-1)?.toMs ?? 0, seed)
    let current: Phase | undefined
    clock.start()
    const { maxLateMs } = await openLoop(arrivals, clock.startedAt, (arrival) => {
      const phase = phaseAt(phases, arrival.atMs)
      if (phase !== current) {
        current = phase
        for (const { running } of sides) running.enter(phase.name)
        observer.entered?.(phase)
      }
      for (const side of sides) side.call(arrival)
      observer.progress?.(clock.nowMs(), sides)
    })
    await Promise.all(sides.map((side) => side.settled()))
    return { phases, arms: sides.map((side) => side.record(phases)), maxLateMs }
  } finally {
    await Promise.all(sides.map(({ running }) => running[Symbol.asyncDispose]()))
  }
}

/** Milliseconds since the start of the experiment. */
class Clock {
  startedAt = performance.now()

  start(): void {
    this.startedAt = performance.now()
  }

  nowMs(): number {
    return performance.now() - this.startedAt
  }
}

class Side implements LiveArm {
  readonly calls: SettledCall[] = []
  readonly running: RunningArm
  readonly #transitions: readonly TimedTransition[]
  readonly #clock: Clock
  readonly #pending = new Set<Promise<void>>()

  private constructor(running: RunningArm, transitions: readonly TimedTransition[], clock: Clock) {
    this.running = running
    this.#transitions = transitions
    this.#clock = clock
  }

  static async start(arm: Arm, seed: number, clock: Clock): Promise<Side> {
    const transitions: TimedTransition[] = []
    const running = await startArm(arm, seed, (transition) => {
      transitions.push({ ...transition, atMs: clock.nowMs() })
    })
    return new Side(running, transitions, clock)
  }

  get name(): string {
    return this.running.name
  }

  get inFlight(): number {
    return this.#pending.size
  }

  call(arrival: Arrival<CallKind>): void {
    const startMs = this.#clock.nowMs()
    const pending = makeCall(this.running.caller, arrival).then((outcome) => {
      this.calls.push({ kind: arrival.kind, startMs, endMs: this.#clock.nowMs(), outcome })
      this.#pending.delete(pending)
    })
    this.#pending.add(pending)
  }

  async settled(): Promise<void> {
    await Promise.all(this.#pending)
  }

  record(phases: readonly Phase[]): ArmRecord {
    const requests = phases.map(({ name }) => [name, this.running.requestsAtPayments(name)])
    return {
      name: this.name,
      calls: this.calls,
      transitions: this.#transitions,
      requests: Object.fromEntries(requests),
    }
  }
}
