import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { armNamed, arms } from './arms/arms.js'
import { scenarios } from './definitions/scenarios.js'
import { type Job, type JobResult, type Mode, scenarioOf } from './jobs/job.js'
import { runJobs } from './jobs/worker-pool.js'
import type { Scenario, Variant } from './model/scenario.js'
import { type Entry, judge } from './report/judge.js'
import { printTable } from './report/print-table.js'
import { writeDocs } from './report/write-docs.js'

const options = {
  only: { type: 'string' },
  arms: { type: 'string' },
  variant: { type: 'string' },
  real: { type: 'boolean', default: false },
  seeds: { type: 'string' },
  json: { type: 'string' },
} as const

/** Each scenario against each client, as tables, pictures for the docs, and JSON on request. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options })
  const mode: Mode = values.real ? 'real' : 'simulated'
  const chosen = values.only?.split(',').map(scenarioOf) ?? scenarios
  const chosenArms = values.arms?.split(',').map(armNamed) ?? arms
  // A run over sockets takes the time that it simulates.
  const seeds = Number(values.seeds ?? (mode === 'real' ? 1 : 5))
  if (!Number.isInteger(seeds) || seeds < 1)
    throw new Error(`--seeds takes a whole number, not ${values.seeds}`)
  const names = chosenArms.filter((arm) => mode === 'real' || arm.canBeSimulated).map(({ name }) => name)
  const jobs = jobsOf(chosen, names, { mode, seeds, variant: values.variant })
  const writesDocs = mode === 'simulated' && values.arms === undefined && values.variant === undefined
  const entries: Entry[] = []
  const results: JobResult[] = []
  // Arms that share the machine would measure each other.
  const processes = mode === 'real' ? 1 : availableParallelism()
  await runJobs(jobs, processes, (result) => {
    results.push(result)
    const { id, variant, arm } = result.job
    if (mode === 'real')
      process.stderr.write(`${results.length} of ${jobs.length}: ${id} ${variant}, ${arm}\n`)
    const ofScenario = results.filter(({ job }) => job.id === id)
    if (ofScenario.length < jobs.filter((job) => job.id === id).length) return
    const judged = judge(ofScenario)
    entries.push(...judged)
    printTable(scenarioOf(id), judged)
    if (writesDocs) writeDocs(ofScenario, judged)
  })
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ scenarios: entries }, undefined, 2)}\n`)
}

interface JobChoice {
  readonly mode: Mode
  readonly seeds: number
  readonly variant: string | undefined
}

/** Scenario by scenario and seed by seed, the arms of a variant one after another. */
function jobsOf(chosen: readonly Scenario[], names: readonly string[], choice: JobChoice): Job[] {
  return chosen.flatMap(({ id, variants }) => {
    const runnable = variants.filter((variant) => isWanted(variant, choice))
    return Array.from({ length: choice.seeds }, (_, index) =>
      runnable.flatMap(({ name: variant }) =>
        names.map((arm) => ({ id, variant, arm, seed: index + 1, mode: choice.mode })),
      ),
    ).flat()
  })
}

function isWanted(variant: Variant, { mode, variant: only }: JobChoice): boolean {
  return (mode === 'simulated' || variant.isReal) && (only === undefined || variant.name === only)
}

await main()
