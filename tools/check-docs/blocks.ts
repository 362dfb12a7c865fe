/** A code block of a page, or an `@example` of a source file. */
export interface Block {
  /** The file it stands in, from the repository's root. */
  readonly page: string
  /** The line of its first line of code, from 1. */
  readonly line: number
  readonly language: 'ts' | 'js' | 'cjs'
  readonly code: readonly string[]
  readonly directives: Directives
}

/** What HTML comments right above a block say about it. CONTRIBUTING.md explains them. */
export interface Directives {
  /** A prelude of tools/docs-preludes whose exports the block may use. */
  readonly setup?: string
  /** The block goes on in the module of the one before it. */
  readonly continues?: true
  /** The block is checked and not run, for this reason. */
  readonly typecheckOnly?: string
  /** The module's name, by which other blocks of the page import it. */
  readonly file?: string
  /** The code of the error that the block must end with. */
  readonly throws?: string
}

const languages: Readonly<Record<string, Block['language']>> = {
  ts: 'ts',
  typescript: 'ts',
  js: 'js',
  javascript: 'js',
  mjs: 'js',
  cjs: 'cjs',
}

const directive = /^<!--\s*(setup|continues|typecheck-only|file|throws)(?::\s*(.*?))?\s*-->$/

function readDirective(text: string, where: string): Directives | undefined {
  const [, name, value] = directive.exec(text) ?? []
  if (name === undefined) return undefined
  if (name === 'continues') return { continues: true }
  if (value === undefined || value === '') throw new Error(`${where}: <!-- ${name}: ... --> needs a value`)
  if (name === 'typecheck-only') return { typecheckOnly: value }
  return { [name]: value }
}

interface Fence {
  readonly marker: string
  readonly indent: number
  readonly language: Block['language'] | undefined
  readonly line: number
}

function openFence(text: string, line: number): Fence | undefined {
  const [, indent, marker, info] = /^(\s*)(`{3,}|~{3,})\s*([^\s`]*)/.exec(text) ?? []
  if (indent === undefined || marker === undefined) return undefined
  return { marker, indent: indent.length, language: languages[info ?? ''], line }
}

const closes = (text: string, { marker }: Fence): boolean => {
  const trimmed = text.trim()
  return trimmed.startsWith(marker) && [...trimmed].every((character) => character === marker[0])
}

/** Finds the code blocks of Markdown text. `firstLine` is the number of the text's first line in its file. */
export function findBlocks(page: string, text: readonly string[], firstLine = 1): readonly Block[] {
  const blocks: Block[] = []
  let fence: Fence | undefined
  let code: string[] = []
  let directives: Directives = {}
  for (const [index, line] of text.entries()) {
    const number = firstLine + index
    if (fence !== undefined) {
      if (!closes(line, fence)) {
        code.push(line.slice(Math.min(fence.indent, line.length - line.trimStart().length)))
        continue
      }
      const { language } = fence
      if (language !== undefined) blocks.push({ page, line: fence.line + 1, language, code, directives })
      fence = undefined
      directives = {}
      continue
    }
    fence = openFence(line, number)
    code = []
    if (fence !== undefined || line.trim() === '') continue
    const found = readDirective(line.trim(), `${page}:${number}`)
    directives = found === undefined ? {} : { ...directives, ...found }
  }
  return blocks
}
