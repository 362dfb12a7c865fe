import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../run-command.js'
import { nodeBinary } from './node-binary.js'
import { type Loading, makeProject } from './project.js'

/** The oldest version that is supported, and the newest of each line. */
const versions = ['20.19.0', '22', '24', '26']

const problems: string[] = []

async function tryLoading(node: string, version: string, loading: Loading): Promise<string> {
  if (loading.problem !== '') return 'FAILED'
  const outputs: string[] = []
  for (const program of loading.programs) {
    const { ok, output } = await runCommand(node, [program], { timeoutMs: 20_000 })
    if (!ok) outputs.push(output)
  }
  if (outputs.length === 0) return 'ok'
  problems.push(`Node.js ${version}, ${loading.name}:\n${outputs.join('\n')}`)
  return 'FAILED'
}

async function tryVersion(version: string, loadings: readonly Loading[]): Promise<readonly string[]> {
  try {
    const node = await nodeBinary(version)
    const { output } = await runCommand(node, ['--version'])
    const cells = await Promise.all(loadings.map((loading) => tryLoading(node, version, loading)))
    return [output.trim(), ...cells]
  } catch (error) {
    problems.push(String(error))
    return [version, ...loadings.map(() => 'not run')]
  }
}

const folder = await mkdtemp(join(tmpdir(), 'holdfast-matrix-'))
try {
  const loadings = await makeProject(folder)
  for (const { name, problem } of loadings) if (problem !== '') problems.push(`${name}:\n${problem}`)
  const rows = [['Node.js', ...loadings.map(({ name }) => name)]]
  for (const version of versions) rows.push([...(await tryVersion(version, loadings))])
  for (const row of rows)
    process.stdout.write(
      `${row
        .map((cell) => cell.padEnd(12))
        .join('')
        .trimEnd()}\n`,
    )
} catch (error) {
  problems.push(String(error))
} finally {
  await rm(folder, { recursive: true, force: true })
}
for (const problem of problems) process.stdout.write(`\n${problem.trimEnd()}\n`)
process.exitCode = problems.length === 0 ? 0 : 1
