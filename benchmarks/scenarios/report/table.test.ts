import { describe, expect, it } from 'vitest'
import { metastable } from '../definitions/s01-metastable.js'
import type { JobResult } from '../jobs/job.js'
import { judge } from './judge.js'
import { rowsOf } from './table.js'

function result(arm: string, seed: number, metrics: JobResult['metrics']): JobResult {
  return { job: { id: 'S1', variant: 'N = 10', arm, seed, mode: 'simulated' }, metrics, pictured: [] }
}

describe('judge and rowsOf', () => {
  const entries = judge([
    result('undici.request', 1, { success: 0.5, amplification: 1, recoveryMs: 15_000 }),
    result('undici.request', 2, { success: 0.5, amplification: 1, recoveryMs: undefined }),
    result('holdfast', 1, { success: 1, amplification: 1.05, p99Ms: 40, recoveryMs: 1_000 }),
    result('holdfast', 2, { success: 0.8, amplification: 1.05, p99Ms: 60, recoveryMs: 4_000 }),
  ])

  it('tell which runs reach the target', () => {
    expect(entries.map(({ met }) => met)).toEqual([false, false, true, false])
    expect(entries[0]?.target).toBe('recovery <= 3 s, amplification <= 1.1')
  })

  it('give the mean of the seeds, the slowest recovery, and the ratio to bare undici', () => {
    const [first, second] = rowsOf(metastable, entries)
    expect(first).toEqual({
      variant: 'N = 10',
      arm: 'holdfast',
      success: '90.0 %',
      ofNaive: '1.80x',
      amplification: '1.05x',
      p99: '50 ms',
      recovery: '4 s',
      more: '',
      met: '1 of 2',
    })
    expect(second).toMatchObject({ arm: 'undici.request', recovery: 'never', met: 'no' })
  })
})
