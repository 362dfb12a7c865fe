import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import ts from 'typescript'
import { root } from '../run-command.js'
import type { Snippet } from './snippets.js'

/** Where the modules are written: inside the repository, so that they find its packages. */
export const modulesFolder = join(root, '.cache/docs-code')

/** A snippet as a module on disk. */
export interface Module {
  readonly snippet: Snippet
  readonly file: string
  /** The module's own copy of its prelude, so that each block starts afresh. */
  setupFile: string | undefined
  /** The only line that is not the author's: it imports the names that the block may use undeclared. */
  preamble: string
}

/** Where the prelude of that name stands. */
export const preludeSource = (name: string): string => join(root, 'tools/docs-preludes', `${name}.ts`)

/** Gives a module a copy of the prelude. */
export function attachSetup(module: Module, name: string): void {
  const file = module.file.replace(/\.(ts|js|cjs)$/, '.setup.ts')
  const { page, line } = module.snippet
  try {
    writeFileSync(file, readFileSync(preludeSource(name), 'utf8'))
  } catch {
    throw new Error(`${page}:${line}: there is no tools/docs-preludes/${name}.ts`)
  }
  module.setupFile = file
}

export const setupSpecifier = ({ setupFile }: Module): string | undefined =>
  setupFile === undefined ? undefined : `./${basename(setupFile).replace(/\.ts$/, '.js')}`

/** Writes a module's file. */
export const writeModule = ({ file, preamble, snippet }: Module): Promise<void> =>
  writeFile(file, [preamble, ...snippet.code, ''].join('\n'))

/** Writes all snippets as modules into an empty folder. */
export async function writeModules(snippets: readonly Snippet[]): Promise<readonly Module[]> {
  await rm(modulesFolder, { recursive: true, force: true })
  const modules: Module[] = []
  for (const snippet of snippets) {
    const file = join(modulesFolder, `${snippet.module}.${snippet.extension}`)
    const clash = modules.find((other) => other.file === file)
    if (clash !== undefined) {
      throw new Error(`${snippet.page}:${snippet.line}: line ${clash.snippet.line} has the same file name`)
    }
    // Without an import or export it would be a script, which shares its names with all others.
    const preamble = snippet.extension === 'cjs' ? '' : 'export {}'
    const module: Module = { snippet, file, setupFile: undefined, preamble }
    await mkdir(dirname(file), { recursive: true })
    if (snippet.setup !== undefined) attachSetup(module, snippet.setup)
    await writeModule(module)
    modules.push(module)
  }
  return modules
}

/** Where line `line` (from 1) of a module's file stands on its page. */
export function pageLine({ snippet }: Module, line: number): string {
  return `${snippet.page}:${snippet.pageLines[line - 2] ?? snippet.line}`
}

/** Compiles a TypeScript file to JavaScript beside it and returns that file. */
export function compileFile(file: string, target = file.replace(/\.ts$/, '.js')): string {
  if (!file.endsWith('.ts')) return file
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
    fileName: file,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
      inlineSources: true,
    },
  })
  writeFileSync(target, outputText)
  return target
}
