import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packAll } from '../pack.js'
import { npm, root, runCommand } from '../run-command.js'

const probes = fileURLToPath(new URL('./probes/', import.meta.url))

/** TypeScript's module settings that a user may have, and the probes each must compile. */
const settings = {
  nodenext: { module: 'nodenext', probes: ['probe.ts', 'probe.cts'] },
  node20: { module: 'node20', probes: ['probe.ts', 'probe.cts'] },
  bundler: { module: 'preserve', moduleResolution: 'bundler', probes: ['probe.ts'] },
} as const

/** One way of loading the packed package: a name, the programs to run, and what compiling them said. */
export interface Loading {
  readonly name: string
  readonly programs: readonly string[]
  /** The compiler's complaints; empty where it had none. */
  readonly problem: string
}

async function compile(folder: string, name: keyof typeof settings): Promise<Loading> {
  const { probes: files, ...compilerOptions } = settings[name]
  const target = join(folder, name)
  await mkdir(target)
  for (const file of files) await cp(join(probes, file), join(target, file))
  // Declarations of dependencies are checked too: a missing one would turn types into `any` unseen.
  const tsconfig = {
    compilerOptions: { ...compilerOptions, target: 'es2022', strict: true, types: ['node'] },
  }
  await writeFile(join(target, 'tsconfig.json'), JSON.stringify(tsconfig))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { ok, output } = await runCommand(process.execPath, [tsc, '-p', target], { cwd: folder })
  const programs = files.map((file) => join(target, file.replace(/ts$/, 'js')))
  return { name: `ts ${name}`, programs, problem: ok ? '' : output }
}

/** Makes an empty project in `folder`, installs the packed packages into it, and compiles the probes. */
export async function makeProject(folder: string): Promise<readonly Loading[]> {
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const packed = await packAll(folder)
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const specs = [
    ...packed.map(({ tarball }) => tarball),
    'zod',
    `@types/node@${devDependencies['@types/node']}`,
  ]
  const { ok, output } = await npm(['install', '--no-audit', '--no-fund', ...specs], { cwd: folder })
  if (!ok) throw new Error(`the packed packages could not be installed:\n${output}`)
  await cp(join(probes, 'require.cjs'), join(folder, 'require.cjs'))
  const compiled = await Promise.all(
    Object.keys(settings).map((name) => compile(folder, name as keyof typeof settings)),
  )
  const esm = compiled.find(({ name }) => name === 'ts nodenext')?.programs.slice(0, 1) ?? []
  return [
    { name: 'import', programs: esm, problem: '' },
    { name: 'require()', programs: [join(folder, 'require.cjs')], problem: '' },
    ...compiled,
  ]
}
