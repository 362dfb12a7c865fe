import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { npm, root } from '../run-command.js'
import type { TestCounts } from '../test/vitest-report.js'

const folder = join(root, '.cache/ci')
const testReport = join(folder, 'test.json')

/** Servers that no machine of the project has; what needs another one must not be skipped. */
const mayBeMissing = /\[needs (Consul|Vault)\]/

async function test(): Promise<{ passed: number; failed: number }> {
  await npm(['test', '--', '--report', testReport], { show: true })
  const none: TestCounts = { passed: 0, failed: 1, skipped: [] }
  const counts = await readFile(testReport, 'utf8').then(
    (text) => JSON.parse(text) as TestCounts,
    () => none,
  )
  const missing = counts.skipped.filter((name) => !mayBeMissing.test(name))
  for (const name of missing) process.stdout.write(`not tested, and it must be: ${name}\n`)
  return { passed: counts.passed, failed: counts.failed + missing.length }
}

const steps = [
  { script: 'test:scenarios', timeoutMs: 600_000 },
  { script: 'check:packages', timeoutMs: 240_000 },
  { script: 'test:matrix', timeoutMs: 240_000 },
  { script: 'demo', timeoutMs: 240_000 },
]

await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })
let { passed, failed } = await test()
for (const { script, timeoutMs } of steps) {
  process.stdout.write(`\n== npm run ${script}\n`)
  const { ok, seconds } = await npm(['run', '--silent', script], { show: true, timeoutMs })
  process.stdout.write(`== ${script} ${ok ? 'passed' : 'FAILED'} after ${seconds.toFixed(0)} s\n`)
  if (ok) passed++
  else failed++
}
// .ci/run prints it, so that the line stands there whatever happens to this process.
await writeFile(join(folder, 'summary'), `${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
