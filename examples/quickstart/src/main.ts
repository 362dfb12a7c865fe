import { writeFile } from 'node:fs/promises'
import { type CommandLine, parseCommandLine, usage } from './command-line.js'
import { fastDurations, fullDurations, planPhases } from './experiment/phases.js'
import { type LiveArm, runExperiment } from './experiment/run-experiment.js'
import { judge } from './report/claims.js'
import { Progress } from './report/progress.js'
import { maxLateMs, renderClaims, renderReport, toJson } from './report/report.js'

/** A load generator that lags behind by this many milliseconds has not had the processor time that it needs. */
const tooLateMs = 500

async function main({ fast, json, seed }: CommandLine): Promise<number> {
  const phases = planPhases(fast ? fastDurations : fullDurations)
  const progress = new Progress(process.stdout, phases)
  process.once('SIGINT', () => {
    progress.end()
    console.log('stopped')
    process.exit(130)
  })
  console.log('gateway (Fastify) -> orders (Express) -> payments, which is about to fail.')
  console.log('The same calls at the same time, once by plain fetch with 3 attempts, once by Holdfast.\n')
  const experiment = await runExperiment(['plain', 'holdfast'], phases, seed, {
    started: announce,
    progress: (nowMs, arms) => progress.show(nowMs, arms),
  })
  progress.end()
  console.log(`\n${renderReport(experiment)}\n`)
  if (json !== undefined) await writeFile(json, `${JSON.stringify(toJson(experiment, seed), null, 2)}\n`)
  if (fast) {
    console.log('Too short to judge by: run it without --fast.')
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

function announce(arms: readonly LiveArm[]): void {
  for (const { name, gatewayUrl } of arms) console.log(`${name.padEnd(12)} gateway at ${gatewayUrl}`)
  console.log()
}

try {
  const commandLine = parseCommandLine(process.argv.slice(2))
  if (commandLine.help) console.log(usage)
  else process.exitCode = await main(commandLine)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
