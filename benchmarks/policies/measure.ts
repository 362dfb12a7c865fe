import { spawnSync } from 'node:child_process'

/** One thing to measure: runs once. */
export type Case = () => unknown

/**
 * Microseconds of CPU that a run takes, by case: the median of interleaved rounds, so that a slow moment hits all
 * alike. CPU and not elapsed time, because other processes take turns with this one.
 */
export async function measure<Name extends string>(
  cases: Readonly<Record<Name, Case>>,
  { rounds = 25, runs = 4_000 } = {},
): Promise<Record<Name, number>> {
  const names = Object.keys(cases) as Name[]
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (let round = -5; round < rounds; round++) {
    for (const name of names) {
      const perRunUs = await cpuUsOf(cases[name], runs)
      if (round >= 0) samples.get(name)?.push(perRunUs)
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name) ?? [])])) as Record<
    Name,
    number
  >
}

/** The same, each case in fresh processes of this script: what one leaves behind must not slow another. */
export function measureApart<Name extends string>(
  cases: Readonly<Record<Name, Case>>,
  repeats = 3,
): Record<Name, number> {
  const names = Object.keys(cases) as Name[]
  const script = process.argv[1] ?? ''
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const name of names) {
      const child = spawnSync(process.execPath, [...process.execArgv, script, '--case', name], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      if (child.status !== 0) throw new Error(`the case '${name}' failed`)
      samples.get(name)?.push(Number(child.stdout))
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name) ?? [])])) as Record<
    Name,
    number
  >
}

async function cpuUsOf(run: Case, runs: number): Promise<number> {
  const before = process.cpuUsage()
  for (let n = 0; n < runs; n++) await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / runs
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Prints a table: microseconds, and how often `base` fits into it. */
export function print(results: Readonly<Record<string, number>>, base: string): void {
  const width = Math.max(...Object.keys(results).map((name) => name.length))
  const unit = results[base] ?? Number.NaN
  console.log(`${''.padEnd(width)}  us a call   ratio`)
  for (const [name, us] of Object.entries(results)) {
    console.log(`${name.padEnd(width)}  ${us.toFixed(2).padStart(9)}  ${(us / unit).toFixed(1).padStart(5)}x`)
  }
}

/** Says what was seen, and fails the script when it is not what was expected. */
export function expectSeen(what: string, seen: unknown, expected: unknown): void {
  const agrees = Object.is(seen, expected)
  console.log(`${agrees ? 'as expected' : 'UNEXPECTED '}  ${what}: ${String(seen)}`)
  if (!agrees) process.exitCode = 1
}
