import { scenarios } from '../definitions/scenarios.js'
import type { RunResult } from '../metrics/measure-run.js'
import type { Scenario, Variant } from '../model/scenario.js'

export type Mode = 'simulated' | 'real'

/** One run: what a worker is asked for. */
export interface Job {
  readonly id: string
  readonly variant: string
  readonly arm: string
  readonly seed: number
  readonly mode: Mode
}

/** What it answers. */
export interface JobResult extends RunResult {
  readonly job: Job
}

/** @throws {Error} when there is none of that name. */
export function variantOf({ id, variant }: Pick<Job, 'id' | 'variant'>): Variant {
  const found = scenarioOf(id).variants.find(({ name }) => name === variant)
  if (found === undefined) throw new Error(`${id} has no variant ${variant}`)
  return found
}

/** @throws {Error} when there is none of that id. */
export function scenarioOf(id: string): Scenario {
  const found = scenarios.find((scenario) => scenario.id === id)
  if (found === undefined) {
    throw new Error(
      `no such scenario: ${id}; there are ${scenarios.map((scenario) => scenario.id).join(', ')}`,
    )
  }
  return found
}
