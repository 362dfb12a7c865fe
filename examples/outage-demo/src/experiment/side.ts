import type { Arm } from '../arms/arm.js'
import { type Arrival, poissonArrivals } from '../load/arrivals.js'
import { openLoop } from '../load/open-loop.js'
import { type CallKind, makeCall, traffic } from '../load/traffic.js'
import { findTrail, type Trail } from '../trail/trail.js'
import { type Phase, phaseAt } from './phases.js'
import type { SettledCall, SideRecord, TimedTransition } from './record.js'
import { type RunningArm, startArm } from './running-arm.js'

const warmUpMs = 1_500

/** One side of the experiment: the services of an arm, and the calls that they are sent. */
export class Side implements AsyncDisposable {
  readonly running: RunningArm
  readonly #seed: number
  readonly #clock: Clock
  readonly #transitions: readonly TimedTransition[]
  readonly #pending = new Set<Promise<void>>()

  private constructor(
    running: RunningArm,
    seed: number,
    clock: Clock,
    transitions: readonly TimedTransition[],
  ) {
    this.running = running
    this.#seed = seed
    this.#clock = clock
    this.#transitions = transitions
  }

  /** Starts the services. */
  static async start(arm: Arm, seed: number): Promise<Side> {
    const clock = new Clock()
    const transitions: TimedTransition[] = []
    const running = await startArm(arm, seed, (transition) => {
      transitions.push({ ...transition, atMs: clock.nowMs() })
    })
    return new Side(running, seed, clock, transitions)
  }

  /** Makes calls that do not count, until code is compiled and connections are open. */
  async warmUp(): Promise<void> {
    const arrivals = poissonArrivals(traffic, warmUpMs, this.#seed)
    await openLoop(arrivals, performance.now(), (arrival) => this.#call(arrival, () => {}))
    await Promise.all(this.#pending)
  }

  /** Makes the calls of all phases; `onSettled` is told of each. Ends when the last one has settled. */
  async run(phases: readonly Phase[], onSettled: (call: SettledCall) => void): Promise<SideRecord> {
    const arrivals = poissonArrivals(traffic, phases.at(-1)?.toMs ?? 0, this.#seed)
    let current: Phase | undefined
    this.running.clear()
    this.#clock.start()
    const startedAtMs = Date.now()
    const { maxLateMs } = await openLoop(arrivals, performance.now(), (arrival) => {
      const phase = phaseAt(phases, arrival.atMs)
      if (phase !== current) this.running.enter(phase.name)
      current = phase
      this.#call(arrival, onSettled)
    })
    await Promise.all(this.#pending)
    const requests = phases.map(({ name }) => [name, this.running.requestsAtPayments(name)])
    const trail = await this.#findTrail(phases, startedAtMs)
    return { maxLateMs, transitions: this.#transitions, requests: Object.fromEntries(requests), trail }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]()
  }

  /** The way of a request in the phase in which retries help. */
  async #findTrail(phases: readonly Phase[], startedAtMs: number): Promise<Trail | undefined> {
    const { journal } = this.running
    await journal.flush()
    journal.seal()
    const phase = phases.find(({ name }) => name === 'errors')
    if (phase === undefined) return undefined
    return findTrail(journal, { fromMs: startedAtMs + phase.fromMs, toMs: startedAtMs + phase.toMs })
  }

  #call(arrival: Arrival<CallKind>, onSettled: (call: SettledCall) => void): void {
    const startMs = this.#clock.nowMs()
    const pending = makeCall(this.running.caller, arrival).then((outcome) => {
      this.#pending.delete(pending)
      onSettled({ kind: arrival.kind, startMs, endMs: this.#clock.nowMs(), outcome })
    })
    this.#pending.add(pending)
  }
}

/** Milliseconds since the start of the experiment. */
class Clock {
  #startedAt = performance.now()

  start(): void {
    this.#startedAt = performance.now()
  }

  nowMs(): number {
    return performance.now() - this.#startedAt
  }
}
