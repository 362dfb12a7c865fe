import { type JobResult, variantOf } from '../jobs/job.js'
import type { Metrics } from '../model/scenario.js'

/** One entry of the JSON file. */
export interface Entry {
  readonly id: string
  readonly variant: string
  readonly mode: string
  readonly seed: number
  readonly arm: string
  readonly metrics: Metrics
  /** `null` where the result is only reported. */
  readonly target: string | null
  readonly met: boolean | null
}

/** Compares each run with what must be reached, beside the arm that it is measured by under the same seed. */
export function judge(results: readonly JobResult[]): Entry[] {
  const keyOf = ({ id, variant, mode, seed }: JobResult['job'], arm: string) =>
    `${id}/${variant}/${mode}/${seed}/${arm}`
  const byKey = new Map(results.map(({ job, metrics }) => [keyOf(job, job.arm), metrics]))
  return results.map(({ job, metrics }) => {
    const { target } = variantOf(job)
    const reference = byKey.get(keyOf(job, target?.relativeTo ?? '')) ?? {}
    return { ...job, metrics, target: target?.text ?? null, met: target?.isMet(metrics, reference) ?? null }
  })
}
