import { parseArgs } from 'node:util'

/** What was asked for on the command line. */
export interface CommandLine {
  readonly help: boolean
  /** How long each phase lasts, in milliseconds; `undefined` for as long as it takes to judge. */
  readonly phaseMs: number | undefined
  readonly json: string | undefined
  /** Whether the services go on after the run. */
  readonly keep: boolean
  readonly seed: number
}

/** What `--help` says. */
export const usage = `usage: npm run demo -- [options]

  --keep         leaves the Holdfast services running until Ctrl-C, and says where to look at them
  --fast         3 s a phase, and nothing is judged
  --phase N      N seconds a phase, and nothing is judged
  --json FILE    writes what was measured to FILE
  --seed N       other arrivals and other faults (default 1)
  --help
`

const fastSeconds = 3

/**
 * Reads the arguments.
 *
 * @throws {Error} for an argument that is not known, a number that is none, and two lengths of a phase
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      fast: { type: 'boolean', default: false },
      phase: { type: 'string' },
      json: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  })
  const { fast, help, json, keep, phase } = values
  const seed = Number(values.seed)
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed takes a whole number, not '${values.seed}'`)
  if (fast && phase !== undefined) throw new Error('--fast and --phase exclude each other; give one of them')
  const seconds = fast ? fastSeconds : phase === undefined ? undefined : Number(phase)
  if (seconds !== undefined && !(seconds >= 0.1 && seconds <= 600)) {
    throw new Error(`--phase takes seconds from 0.1 to 600, not '${phase}'`)
  }
  return { help, phaseMs: seconds === undefined ? undefined : seconds * 1_000, json, keep, seed }
}
