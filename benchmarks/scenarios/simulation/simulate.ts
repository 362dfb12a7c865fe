import { seededRandom } from '@holdfast/core/testing'
import type { Arm, ArmClient } from '../arms/arm.js'
import { measureRun, type RunResult } from '../metrics/measure-run.js'
import { deadlineMs, Recorder } from '../metrics/recorder.js'
import { serve } from '../model/behaviour.js'
import { driveOpenLoop } from '../model/drive-open-loop.js'
import { QueueingServer } from '../model/queueing-server.js'
import type { DependencySpec, Variant, World } from '../model/scenario.js'
import { AdmittingServer } from './admitting-server.js'
import { SimulatedNetwork } from './simulated-network.js'
import { VirtualClock } from './virtual-clock.js'

/** Lets what was called last settle, or miss its deadline. */
const settlingMs = deadlineMs + 1_000

/** Runs one variant with one arm in virtual time. The same seed gives the same result. */
export async function simulate(variant: Variant, arm: Arm, seed: number): Promise<RunResult> {
  const clock = new VirtualClock()
  const random = (purpose: string) => seededRandom(`${seed} ${purpose}`)
  const uninstall = clock.install(random('clients'))
  const { stackTraceLimit } = Error
  // Most of the cost of a call that fails, and nobody reads it.
  Error.stackTraceLimit = 0
  const stage = new Stage(clock, variant, arm, random)
  try {
    if (variant.drive === undefined) driveOpenLoop(stage, variant)
    else variant.drive(stage)
    await clock.runUntil(stage.endMs + settlingMs)
    return measureRun(variant, stage)
  } finally {
    await stage.close()
    uninstall()
    Error.stackTraceLimit = stackTraceLimit
  }
}

class Stage implements World {
  readonly timeline: VirtualClock
  readonly random: (purpose: string) => () => number
  readonly eventAtMs: number
  readonly returnAtMs: number
  readonly endMs: number
  readonly recorder: Recorder
  readonly inner: Recorder
  readonly #arm: Arm
  readonly #network = new SimulatedNetwork()
  readonly #servers = new Map<string, readonly QueueingServer[]>()
  readonly #clients: ArmClient[] = []

  constructor(clock: VirtualClock, variant: Variant, arm: Arm, random: (purpose: string) => () => number) {
    const { warmUpMs, eventMs, afterMs } = variant.timing
    this.timeline = clock
    this.random = random
    this.#arm = arm
    this.eventAtMs = warmUpMs
    this.returnAtMs = warmUpMs + eventMs
    this.endMs = warmUpMs + eventMs + afterMs
    this.recorder = new Recorder(() => clock.now())
    this.inner = new Recorder(() => clock.now())
    for (const [name, spec] of Object.entries(variant.dependencies)) this.#start(name, spec)
  }

  #start(name: string, spec: DependencySpec): void {
    const servers = Array.from({ length: spec.replicas }, (_, replica) => {
      return new QueueingServer(this.timeline, {
        replica,
        slots: spec.slots,
        meanMs: spec.meanMs,
        eventAtMs: this.eventAtMs,
        behave: spec.behave ?? (() => serve),
        random: this.random(`${name} ${replica}`),
      })
    })
    for (const { eventMs, slots } of spec.slotSteps ?? []) {
      this.timeline.at(this.eventAtMs + eventMs, () => {
        for (const server of servers) server.slots = slots
      })
    }
    this.#servers.set(name, servers)
    const receivers = spec.hasAdmission ? servers.map((server) => new AdmittingServer(server)) : servers
    this.#network.add(`http://${name}`, receivers)
    for (const [replica, receiver] of receivers.entries())
      this.#network.add(replicaUrl(name, replica), [receiver])
  }

  connect(dependency: string, settings: Parameters<World['connect']>[1]): ArmClient {
    const client = this.#arm.connect(
      {
        name: `http://${dependency}`,
        replicas: this.servers(dependency).map((_, replica) => replicaUrl(dependency, replica)),
        network: this.#network,
      },
      settings,
    )
    this.#clients.push(client)
    return client
  }

  servers(dependency: string): readonly QueueingServer[] {
    return this.#servers.get(dependency) ?? []
  }

  arrivalsAt(dependency: string): readonly number[] {
    return this.servers(dependency).flatMap((server) => server.arrivalsMs)
  }

  servedBy(dependency: string): number {
    return this.servers(dependency).reduce((sum, server) => sum + server.served, 0)
  }

  sharesOf(dependency: string): readonly number[] {
    const counts = this.servers(dependency).map(
      (server) => server.arrivalsMs.filter((atMs) => atMs >= this.eventAtMs).length,
    )
    const all = counts.reduce((sum, count) => sum + count, 0)
    return counts.map((count) => count / Math.max(1, all))
  }

  async close(): Promise<void> {
    for (const client of this.#clients) void client.close()
  }
}

function replicaUrl(name: string, replica: number): string {
  return `http://${name}-${replica}`
}
