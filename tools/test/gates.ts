import { npm, type RunOptions } from '../run-command.js'

/** One thing that must hold before a change lands. */
export interface Gate {
  readonly name: string
  /** The npm script that checks it. */
  readonly script: string
}

/** Gates that need one core each: two run side by side. That the packages build, types included, `check:packages` tells. */
export const staticGates: readonly Gate[] = [
  { name: 'types', script: 'check:types' },
  { name: 'lint', script: 'check:lint' },
  { name: 'boundaries', script: 'check:boundaries' },
  { name: 'unused code', script: 'check:unused' },
]

/** Runs a gate, prints a line about it, and its whole output where it failed. */
export async function runGate(gate: Gate, options?: RunOptions): Promise<boolean> {
  const { ok, output, seconds } = await npm(['run', '--silent', gate.script], options)
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'}  ${gate.name.padEnd(14)} ${seconds.toFixed(1)} s\n`)
  if (!ok && options?.show !== true) process.stdout.write(`${output.trimEnd()}\n\n`)
  if (!ok) process.stdout.write(`        again: npm run ${gate.script}\n`)
  return ok
}

/** Runs all gates, two at a time, in the order given. */
export async function runGates(gates: readonly Gate[]): Promise<readonly boolean[]> {
  const results: boolean[] = []
  const queue = gates.entries()
  const lane = async () => {
    for (const [index, gate] of queue) results[index] = await runGate(gate)
  }
  await Promise.all([lane(), lane()])
  return results
}
