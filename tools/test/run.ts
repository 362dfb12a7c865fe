import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, runCommand } from '../run-command.js'
import { runGate, runGates, staticGates } from './gates.js'
import { readTestCounts, type TestCounts } from './vitest-report.js'

const { values } = parseArgs({ options: { report: { type: 'string' } } })
const testReport = join(root, '.cache/test/vitest.json')

async function runTests(): Promise<TestCounts & { readonly ok: boolean }> {
  await rm(testReport, { force: true })
  await mkdir(dirname(testReport), { recursive: true })
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${testReport}`]
  const { ok } = await runCommand(process.execPath, [vitest, 'run', ...reporters], { show: true })
  const counts = await readTestCounts(testReport).catch(() => ({ passed: 0, failed: 1, skipped: [] }))
  // A run that failed without a failed test had an error outside of any test.
  return { ...counts, ok, failed: ok ? counts.failed : Math.max(counts.failed, 1) }
}

const gates = [...(await runGates(staticGates))]
const tests = await runTests()
gates.push(await runGate({ name: 'docs code', script: 'check:docs' }))

for (const name of tests.skipped) process.stdout.write(`not tested: ${name}\n`)
const failedGates = gates.filter((ok) => !ok).length
const ok = tests.ok && failedGates === 0
process.stdout.write(
  `${ok ? 'All good' : 'Not good'}: ${gates.length - failedGates} of ${gates.length} checks, ` +
    `${tests.passed} of ${tests.passed + tests.failed} tests.\n`,
)
if (values.report !== undefined) {
  const { passed, failed, skipped } = tests
  const report = { passed: passed + gates.length - failedGates, failed: failed + failedGates, skipped }
  await mkdir(dirname(values.report), { recursive: true })
  await writeFile(values.report, JSON.stringify(report))
}
process.exitCode = ok ? 0 : 1
