import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'

interface Target {
  readonly types: string
  readonly default: string
}

/** Names that a declaration file exports; types are marked. */
function declaredNames(file: string): readonly string[] {
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    skipLibCheck: true,
  })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error(`${file} is not a module`)
  return checker.getExportsOfModule(module).map((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    return target.flags & ts.SymbolFlags.Value ? symbol.name : `type ${symbol.name}`
  })
}

/**
 * The names each sub-path of a built package exports, as text with a section per sub-path.
 *
 * @throws Error where the declarations name other values than the code exports
 */
export async function exportList(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const sections: string[] = []
  for (const [subPath, target] of Object.entries<Target | string>(manifest.exports)) {
    if (typeof target === 'string') continue
    const declared = [...declaredNames(join(folder, target.types))].sort()
    const values = declared.filter((name) => !name.startsWith('type ')).join()
    const code = await import(pathToFileURL(join(folder, target.default)).href)
    const exported = Object.keys(code).sort().join()
    if (values !== exported) throw new Error(`${subPath} declares ${values}\nand exports ${exported}`)
    sections.push([`# ${subPath}`, ...declared, ''].join('\n'))
  }
  return sections.join('\n')
}

/** The lines that one list has and the other has not. */
export function listChanges(before: string, after: string): readonly string[] {
  const section = (text: string) => {
    let subPath = ''
    return text.split('\n').flatMap((line) => {
      if (line.startsWith('# ')) subPath = line.slice(2)
      return line === '' || line.startsWith('# ') ? [] : [`${subPath}: ${line}`]
    })
  }
  const [old, current] = [section(before), section(after)]
  return [
    ...old.filter((line) => !current.includes(line)).map((line) => `- ${line}`),
    ...current.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ]
}
