import { answer, serve } from '../model/behaviour.js'
import type { MeasuredRun, Scenario, Variant, World } from '../model/scenario.js'
import { attemptTimeoutMs, errorStatuses, meanMs } from './standard.js'

const herd = 2_000
const slots = 10
const outageMs = 30_000
const windowMs = 100
const capacityPerWindow = (slots * windowMs) / meanMs
const settings = { attemptTimeoutMs, isBackground: true }
/** How soon an application repeats what its client has given up. */
const repeatMs = 1_000

/** All begin with the outage, which is what sends them. */
function drive(world: World): void {
  for (let index = 0; index < herd; index++) {
    const client = world.connect('dependency', settings)
    world.timeline.at(world.eventAtMs, () => {
      void world.recorder.track(async () => {
        while (world.timeline.now() < world.endMs) {
          try {
            return await client.call('/items/1')
          } catch {
            await new Promise((resolve) => setTimeout(resolve, repeatMs))
          }
        }
        throw new Error('not done in time')
      })
    })
  }
}

function measure(run: MeasuredRun) {
  const windows: number[] = []
  for (const atMs of run.arrivalsAt('dependency')) {
    const window = Math.floor((atMs - run.returnAtMs) / windowMs)
    if (window >= 0) windows[window] = (windows[window] ?? 0) + 1
  }
  const done = run.recorder.settledMs.filter((ms) => !Number.isNaN(ms)).length
  return {
    success: done / herd,
    peakOfCapacity: windows.reduce((peak, count) => Math.max(peak, count), 0) / capacityPerWindow,
    workPerOperation: run.servedBy('dependency') / herd,
  }
}

/** Requests that reached the server in each second. */
function arrivalSeries(run: MeasuredRun): number[] {
  const series = new Array<number>(Math.ceil(run.endMs / 1_000)).fill(0)
  for (const atMs of run.arrivalsAt('dependency')) {
    const second = Math.floor(atMs / 1_000)
    if (second < series.length) series[second] = (series[second] ?? 0) + 1
  }
  return series
}

function variant(status: number): Variant {
  const error = answer(status)
  return {
    name: `errors as ${status}`,
    timing: { warmUpMs: 1_000, eventMs: outageMs, afterMs: 60_000 },
    clients: herd,
    load: [],
    dependencies: {
      dependency: {
        replicas: 1,
        slots,
        meanMs,
        behave: ({ eventMs }) => (eventMs < outageMs ? error : serve),
      },
    },
    settings,
    drive,
    measure,
    picture: { what: 'requests at the server', series: arrivalSeries },
    headline: 'peakOfCapacity',
    target: {
      text: 'peak <= 1.5x capacity, work <= 1.05 an operation',
      isMet: ({ peakOfCapacity = 99, workPerOperation = 99, success = 0 }) =>
        peakOfCapacity <= 1.5 && workPerOperation <= 1.05 && success === 1,
    },
    isReal: false,
  }
}

export const thunderingHerd: Scenario = {
  id: 'S6',
  title: 'Thundering herd',
  story:
    '2000 clients begin one operation when an outage of 30 s begins, and repeat it until it succeeds. What meets the server when it returns?',
  pictured: ['errors as 503'],
  variants: errorStatuses.map(variant),
}
