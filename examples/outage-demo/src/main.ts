import { writeFile } from 'node:fs/promises'
import { type CommandLine, parseCommandLine, usage } from './command-line.js'
import { evenDurations, fullDurations, planPhases } from './experiment/phases.js'
import { type Experiment, runExperiment } from './experiment/run-experiment.js'
import { SideProcess } from './experiment/side-process.js'
import { renderUrls, untilInterrupted } from './keep-running.js'
import { judge } from './report/claims.js'
import { Progress } from './report/progress.js'
import { renderTrail } from './report/render-trail.js'
import { maxLateMs, renderClaims, renderReport, toJson } from './report/report.js'

/** A load generator that lags behind by this many milliseconds has not had the processor time that it needs. */
const tooLateMs = 500

async function main({ json, keep, phaseMs, seed }: CommandLine): Promise<number> {
  const phases = planPhases(phaseMs === undefined ? fullDurations : evenDurations(phaseMs))
  const progress = new Progress(process.stdout, phases)
  const stop = () => {
    progress.end()
    console.log('stopped')
    process.exit(130)
  }
  process.on('SIGINT', stop)
  console.log('gateway (Fastify) -> orders (Express) -> payments, which is about to fail.')
  console.log('The same calls at the same time, once by plain fetch with 3 attempts, once by Holdfast.\n')
  const sides = await Promise.all([SideProcess.start('plain', seed), SideProcess.start('holdfast', seed)])
  await using plain = sides[0]
  await using holdfast = sides[1]
  for (const { name, urls } of [plain, holdfast]) console.log(`${name.padEnd(12)} gateway at ${urls.gateway}`)
  console.log()
  const experiment = await runExperiment([plain, holdfast], phases, {
    progress: (nowMs, arms) => progress.show(nowMs, arms),
  })
  progress.end()
  if (json !== undefined) await writeFile(json, `${JSON.stringify(toJson(experiment, seed), null, 2)}\n`)
  const exitCode = conclude(experiment, phaseMs === undefined)
  if (keep) {
    const interrupted = untilInterrupted()
    process.off('SIGINT', stop)
    console.log(`\n${renderUrls(holdfast.urls)}`)
    await interrupted
    console.log('\nEnding them: what is in flight is answered, then gateway, orders and payments shut down.')
  }
  return exitCode
}

/** Shows what came out; gives the exit code. */
function conclude(experiment: Experiment, isJudged: boolean): number {
  console.log(`\n${renderReport(experiment)}\n`)
  for (const { trail } of experiment.arms) if (trail !== undefined) console.log(`${renderTrail(trail)}\n`)
  if (!isJudged) {
    console.log('Too short to judge by: run it without --fast and --phase.')
    return 0
  }
  const claims = judge(experiment)
  console.log(`What Holdfast is to show:\n${renderClaims(claims)}\n`)
  const failed = claims.filter(({ holds }) => !holds)
  console.log(failed.length === 0 ? 'All of it held.' : `${failed.length} of ${claims.length} did not hold.`)
  if (failed.length > 0 && maxLateMs(experiment) > tooLateMs) {
    console.log('The machine was too busy to make the calls in time. Run it again when there is less to do.')
  }
  return failed.length === 0 ? 0 : 1
}

try {
  const commandLine = parseCommandLine(process.argv.slice(2))
  if (commandLine.help) console.log(usage)
  else process.exitCode = await main(commandLine)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
