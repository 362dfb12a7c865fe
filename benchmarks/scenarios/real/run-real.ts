import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@holdfast/core/testing'
import type { Arm, ArmClient, CallSettings } from '../arms/arm.js'
import { scenarios } from '../definitions/scenarios.js'
import { measureRun, type RunResult } from '../metrics/measure-run.js'
import { deadlineMs, Recorder } from '../metrics/recorder.js'
import { driveOpenLoop } from '../model/drive-open-loop.js'
import { asReal, type MeasuredRun, type Variant, type World } from '../model/scenario.js'
import { realTimeline } from '../model/timeline.js'
import type { ServerOrder, ServerPlaces, ServerReport } from './server-messages.js'

const serverFile = fileURLToPath(new URL('../server.ts', import.meta.url))

/** Runs one variant with one arm over loopback sockets, the servers in a process of their own. */
export async function runReal(defined: Variant, arm: Arm, seed: number): Promise<RunResult> {
  const server = startServer(defined, seed)
  const variant = asReal(defined)
  try {
    const [places] = (await once(server, 'message')) as [ServerPlaces]
    server.send('begin' satisfies ServerOrder)
    const stage = openStage(variant, arm, { seed, places })
    if (variant.drive === undefined) driveOpenLoop(stage.world, variant)
    else variant.drive(stage.world)
    await sleep(stage.world.endMs + deadlineMs + 1_000)
    server.send('report' satisfies ServerOrder)
    const [report] = (await once(server, 'message')) as [ServerReport]
    await stage.close()
    return measureRun(variant, measuredOf(stage.world, variant, report))
  } finally {
    server.kill()
  }
}

function startServer(variant: Variant, seed: number): ChildProcess {
  const { id = '' } = scenarios.find(({ variants }) => variants.includes(variant)) ?? {}
  return fork(serverFile, [id, variant.name, String(seed)], {
    execArgv: [...process.execArgv, '--no-warnings'],
  })
}

interface Stage {
  readonly world: World
  close(): Promise<void>
}

function openStage(
  variant: Variant,
  arm: Arm,
  { seed, places }: { seed: number; places: ServerPlaces },
): Stage {
  const timeline = realTimeline()
  const clients: ArmClient[] = []
  const connect = (dependency: string, settings: CallSettings) => {
    const replicas = places[dependency] ?? []
    const client = arm.connect({ name: replicas[0] ?? '', replicas, network: undefined }, settings)
    clients.push(client)
    return client
  }
  const { warmUpMs, eventMs, afterMs } = variant.timing
  const world: World = {
    timeline,
    random: (purpose) => seededRandom(`${seed} ${purpose}`),
    eventAtMs: warmUpMs,
    endMs: warmUpMs + eventMs + afterMs,
    recorder: new Recorder(timeline.now),
    inner: new Recorder(timeline.now),
    connect,
    servers: () => [],
  }
  return {
    world,
    close: async () => {
      // What is left unanswered would keep a graceful close waiting.
      for (const client of clients) void client.close().catch(() => {})
    },
  }
}

function measuredOf(world: World, { timing }: Variant, report: ServerReport): MeasuredRun {
  const replicasOf = (dependency: string) => report[dependency] ?? []
  return {
    recorder: world.recorder,
    inner: world.inner,
    eventAtMs: world.eventAtMs,
    returnAtMs: world.eventAtMs + timing.eventMs,
    endMs: world.endMs,
    arrivalsAt: (dependency) => replicasOf(dependency).flatMap(({ arrivalsMs }) => arrivalsMs),
    servedBy: (dependency) => replicasOf(dependency).reduce((sum, { served }) => sum + served, 0),
    sharesOf: (dependency) => {
      const counts = replicasOf(dependency).map(
        ({ arrivalsMs }) => arrivalsMs.filter((atMs) => atMs >= world.eventAtMs).length,
      )
      const all = counts.reduce((sum, count) => sum + count, 0)
      return counts.map((count) => count / Math.max(1, all))
    },
  }
}
