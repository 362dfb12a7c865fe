import { armNamed } from './arms/arms.js'
import { type Job, type JobResult, variantOf } from './jobs/job.js'
import { runReal } from './real/run-real.js'
import { simulate } from './simulation/simulate.js'

process.on('message', async (job: Job) => {
  const run = job.mode === 'real' ? runReal : simulate
  const result = await run(variantOf(job), armNamed(job.arm), job.seed)
  process.send?.({ ...result, job } satisfies JobResult)
})
process.on('disconnect', () => process.exit(0))
