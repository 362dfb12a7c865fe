import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Job, JobResult } from './job.js'

const workerFile = fileURLToPath(new URL('../worker.ts', import.meta.url))

/** Runs jobs in that many processes; the order of the results is theirs, not that of the jobs. */
export async function runJobs(
  jobs: readonly Job[],
  processes: number,
  onResult: (result: JobResult, done: number) => void,
): Promise<void> {
  let next = 0
  let done = 0
  const work = async () => {
    const worker = fork(workerFile, [], {
      execArgv: [...process.execArgv, '--no-warnings'],
    })
    try {
      for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
        onResult(await ask(worker, job), ++done)
      }
    } finally {
      worker.kill()
    }
  }
  await Promise.all(Array.from({ length: Math.min(processes, jobs.length) }, work))
}

function ask(worker: ChildProcess, job: Job): Promise<JobResult> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | null) => {
      reject(new Error(`the worker ended with ${code} at ${job.id} ${job.variant}, ${job.arm}`))
    }
    worker.once('exit', fail)
    worker.once('message', (result) => {
      worker.off('exit', fail)
      resolve(result as JobResult)
    })
    worker.send(job)
  })
}
