import { parseArgs } from 'node:util'

/** What was asked for on the command line. */
export interface CommandLine {
  readonly help: boolean
  readonly fast: boolean
  readonly json: string | undefined
  readonly seed: number
}

/** What `--help` says. */
export const usage = `usage: npm run demo:quickstart -- [options]

  --fast         3 s a phase, and nothing is judged
  --json FILE    writes what was measured to FILE
  --seed N       other arrivals and other faults (default 1)
  --help
`

/**
 * Reads the arguments.
 *
 * @throws {Error} for an argument that is not known, or a seed that is no number
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      fast: { type: 'boolean', default: false },
      json: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  })
  const seed = Number(values.seed)
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed takes a whole number, not '${values.seed}'`)
  return { help: values.help, fast: values.fast, json: values.json, seed }
}
