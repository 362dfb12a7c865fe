import { join } from 'node:path'
import ts from 'typescript'
import { root } from '../run-command.js'
import {
  attachSetup,
  type Module,
  modulesFolder,
  pageLine,
  preludeSource,
  setupSpecifier,
  writeModule,
} from './modules.js'

/** What an `@example` may use without an import: these modules, in this order. */
const exampleModules = ['@holdfast/core', '@holdfast/core/testing', 'zod']
const namesForExamples: Readonly<Record<string, readonly string[]>> = { zod: ['z'] }
/** The prelude for the placeholders of examples. */
const examplePrelude = 'examples'

/** Codes of "cannot find name", with their variants for shorthand properties, namespaces and misspellings. */
const unresolvedCodes = new Set([2304, 2552, 2503, 18004, 2867])

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  return { ...options, allowJs: true, checkJs: true, noEmit: true }
}

function createProgram(files: readonly string[], oldProgram?: ts.Program): ts.Program {
  const options = compilerOptions()
  return ts.createProgram({ rootNames: files, options, ...(oldProgram === undefined ? {} : { oldProgram }) })
}

/** Exported names, and whether each is a value. */
type Exports = ReadonlyMap<string, boolean>

function exportsOf(program: ts.Program, file: string): Exports {
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) return new Map()
  return new Map(
    checker.getExportsOfModule(module).map((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      return [symbol.name, (target.flags & ts.SymbolFlags.Value) !== 0]
    }),
  )
}

function unresolvedNames(program: ts.Program, file: string): readonly string[] {
  const source = program.getSourceFile(file)
  const names = program
    .getSemanticDiagnostics(source)
    .filter(({ code }) => unresolvedCodes.has(code))
    .map(({ start = 0, length = 0 }) => source?.text.slice(start, start + length) ?? '')
  return [...new Set(names)]
}

const resolveModule = (specifier: string): string | undefined =>
  ts.resolveModuleName(
    specifier,
    join(modulesFolder, 'x.ts'),
    compilerOptions(),
    ts.sys,
    undefined,
    undefined,
    ts.ModuleKind.ESNext,
  ).resolvedModule?.resolvedFileName

interface Source {
  readonly specifier: string
  readonly exports: Exports
}

/** The import lines for the names a module leaves undeclared and one of the sources exports. */
function importsFor(names: readonly string[], sources: readonly Source[]): readonly string[] {
  return names.flatMap((name) => {
    const source = sources.find(({ exports }) => exports.has(name))
    if (source === undefined) return []
    const type = source.exports.get(name) === true ? '' : 'type '
    return [`import { ${type}${name} } from '${source.specifier}'`]
  })
}

/** The exports that an example may use without importing them. */
const exampleSources = (program: ts.Program): readonly Source[] =>
  exampleModules.flatMap((specifier) => {
    const file = resolveModule(specifier)
    if (file === undefined) return []
    const only = namesForExamples[specifier]
    const exports = [...exportsOf(program, file)].filter(([name]) => only?.includes(name) ?? true)
    return [{ specifier, exports: new Map(exports) }]
  })

/** Gives examples that use a name of their prelude, or a URL, that prelude. */
function attachExamplePrelude(module: Module, names: readonly string[], prelude: Exports): void {
  const hasUrl = module.snippet.code.some((line) => line.includes('http://'))
  if (hasUrl || names.some((name) => prelude.has(name))) attachSetup(module, examplePrelude)
}

/** Completes the modules with imports of the names they may use undeclared; returns whether any has changed. */
async function completeModules(program: ts.Program, modules: readonly Module[]): Promise<boolean> {
  const forExamples = exampleSources(program)
  const prelude = exportsOf(program, preludeSource(examplePrelude))
  let hasChanged = false
  for (const module of modules) {
    const { isExample, extension, setup } = module.snippet
    if (extension === 'cjs') continue
    const names = unresolvedNames(program, module.file)
    const known = isExample ? forExamples : []
    const missing = names.filter((name) => !known.some(({ exports }) => exports.has(name)))
    if (isExample && setup === undefined) attachExamplePrelude(module, missing, prelude)
    const specifier = setupSpecifier(module)
    const setupExports = setup === undefined ? prelude : exportsOf(program, module.setupFile ?? '')
    const own = specifier === undefined ? [] : [{ specifier, exports: setupExports }]
    // A prelude that the author has named comes before what every example may use.
    const imports = importsFor(names, setup === undefined ? [...known, ...own] : [...own, ...known])
    if (imports.length === 0) continue
    module.preamble = [...imports, module.preamble].join('; ')
    await writeModule(module)
    hasChanged = true
  }
  return hasChanged
}

function describe(modules: readonly Module[], { file, start, messageText }: ts.Diagnostic): string {
  const message = ts.flattenDiagnosticMessageText(messageText, '\n    ')
  if (file === undefined || start === undefined) return message
  const module = modules.find((candidate) => candidate.file === file.fileName)
  const line = file.getLineAndCharacterOfPosition(start).line + 1
  return `${module === undefined ? `${file.fileName}:${line}` : pageLine(module, line)}: ${message}`
}

/** Type-checks all modules in one program; a problem is a line that names the page. */
export async function typeCheck(modules: readonly Module[]): Promise<readonly string[]> {
  const filesOf = () =>
    modules.flatMap(({ file, setupFile }) => (setupFile === undefined ? [file] : [file, setupFile]))
  const libraries = exampleModules.flatMap((specifier) => resolveModule(specifier) ?? [])
  let program = createProgram([...filesOf(), ...libraries, preludeSource(examplePrelude)])
  const checked = filesOf().length
  const hasChanged = await completeModules(program, modules)
  if (hasChanged || filesOf().length > checked) program = createProgram(filesOf(), program)
  const problems: string[] = []
  for (const file of filesOf()) {
    const source = program.getSourceFile(file)
    const diagnostics = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]
    problems.push(...diagnostics.map((diagnostic) => describe(modules, diagnostic)))
  }
  return problems
}
