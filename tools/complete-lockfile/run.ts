/**
 * Adds the optional packages of other platforms that `npm install` left out of package-lock.json.
 *
 * npm drops an optional dependency that its registry does not serve, and then `npm ci` refuses the lockfile. A mirror
 * that holds the binaries of one platform only has that effect. Run this after `npm install` behind such a mirror.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../run-command.js'

interface LockEntry {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
}

const systems = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const processors = ['arm64', 'arm', 'x64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x']

function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  const words = name.slice(name.indexOf('/') + 1).split('-')
  const os = systems.find((system) => words.includes(system))
  const cpu = processors.find((processor) => words.includes(processor))
  if (os === undefined || cpu === undefined) throw new Error(`${name} does not say which platform it is for`)
  if (os !== 'linux') return { os: [os], cpu: [cpu] }
  return { os: [os], cpu: [cpu], libc: [words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc'] }
}

const file = join(root, 'package-lock.json')
const lock = JSON.parse(await readFile(file, 'utf8'))
const packages: Record<string, LockEntry> = lock.packages
const added: string[] = []
for (const { dev, optionalDependencies = {} } of Object.values({ ...packages })) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const isKnown = Object.keys(packages).some((key) => key.endsWith(`node_modules/${name}`))
    if (isKnown || !/^\d/.test(version)) continue
    packages[`node_modules/${name}`] = {
      version,
      ...platformOf(name),
      ...(dev === true ? { dev } : {}),
      optional: true,
    }
    added.push(`${name}@${version}`)
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(added.length === 0 ? 'nothing was missing\n' : `added ${added.join(', ')}\n`)
