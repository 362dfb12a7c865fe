import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const folder = fileURLToPath(new URL('.', import.meta.url))
const configFile = fileURLToPath(new URL('../../tsconfig.json', import.meta.url))

/**
 * Type instantiations that checking `source` takes, as `tsc --extendedDiagnostics` counts them.
 *
 * @throws {Error} when `source` does not type-check: a count of broken types means nothing
 */
export function countInstantiations(source: string): number {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(configFile, ts.sys.readFile).config,
    ts.sys,
    folder,
  )
  const name = `${folder}generated.ts`
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile, readFile } = host
  host.fileExists = (path) => path === name || fileExists(path)
  host.readFile = (path) => (path === name ? source : readFile(path))
  host.getSourceFile = (path, language) =>
    path === name ? ts.createSourceFile(path, source, language) : getSourceFile(path, language)
  const program = ts.createProgram([name], options, host)
  const file = program.getSourceFile(name)
  const problems = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
  if (problems.length > 0) throw new Error(ts.formatDiagnostics(problems.slice(0, 5), host))
  return program.getInstantiationCount()
}
