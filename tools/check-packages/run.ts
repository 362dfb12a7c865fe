import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type PackedPackage, packAll } from '../pack.js'
import { npm } from '../run-command.js'
import { exportList, listChanges } from './export-list.js'

const { values } = parseArgs({ options: { update: { type: 'boolean', default: false } } })

async function checkExports({ folder }: PackedPackage): Promise<{ ok: boolean; output: string }> {
  const file = join(folder, 'exports.txt')
  const current = await exportList(folder)
  if (values.update) await writeFile(file, current)
  const recorded = await readFile(file, 'utf8').catch(() => '')
  if (recorded === current) return { ok: true, output: '' }
  const changes = listChanges(recorded, current).join('\n')
  return {
    ok: false,
    output: `exports.txt lists other names than the package exports:\n${changes}\nIf that is meant: npm run check:packages -- --update`,
  }
}

const checks = {
  publint: ({ tarball }: PackedPackage) => npm(['run', '--silent', 'publint', '--', tarball]),
  // Its profile is ESM only: it does not know that `require()` loads ES modules from Node 20.19 on.
  attw: ({ tarball }: PackedPackage) => npm(['run', '--silent', 'attw', '--', tarball]),
  exports: checkExports,
}

const destination = await mkdtemp(join(tmpdir(), 'holdfast-packed-'))
try {
  for (const packed of await packAll(destination)) {
    for (const [name, check] of Object.entries(checks)) {
      const { ok, output } = await check(packed).catch((error: unknown) => ({
        ok: false,
        output: String(error),
      }))
      process.stdout.write(`${ok ? 'ok    ' : 'FAILED'}  ${packed.name} ${name}\n`)
      if (ok) continue
      process.stdout.write(`${output.trimEnd()}\n`)
      process.exitCode = 1
    }
  }
} finally {
  await rm(destination, { recursive: true, force: true })
}
