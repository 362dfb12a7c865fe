import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('../../../test/fixtures/retention-program.ts', import.meta.url))
const nodeArgs = ['--expose-gc', '--conditions=holdfast-source', '--import', 'tsx']

it('leaves nothing of 200,000 calls in the old space of the heap, so that no mark-sweep is needed', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...nodeArgs, program, '200000'])
  const { markSweeps, bytesPerCall } = JSON.parse(stdout) as { markSweeps: number; bytesPerCall: number }
  expect(markSweeps).toBe(0)
  expect(bytesPerCall).toBeLessThan(20)
}, 120_000)
