import type { Block } from './blocks.js'

/** A module made of one block, or of a block and those that continue it. */
export interface Snippet {
  readonly page: string
  /** The line of the first block's first line of code. */
  readonly line: number
  /** The path of the module below the folder of all modules, without its extension. */
  readonly module: string
  readonly extension: 'ts' | 'js' | 'cjs'
  readonly isExample: boolean
  readonly setup: string | undefined
  readonly typecheckOnly: string | undefined
  readonly throws: string | undefined
  /** The code, and for each of its lines the line of the page. */
  readonly code: readonly string[]
  readonly pageLines: readonly number[]
}

const folderOf = (page: string): string => page.replace(/[^A-Za-z0-9]+/g, '-')

function startSnippet(block: Block, isExample: boolean): Snippet {
  const { page, line, language, code, directives } = block
  const name = directives.file?.replace(/\.(ts|js|cjs)$/, '') ?? `line-${line}`
  return {
    page,
    line,
    module: `${folderOf(page)}/${name}`,
    extension: language,
    isExample,
    setup: directives.setup,
    typecheckOnly: directives.typecheckOnly,
    throws: directives.throws,
    code,
    pageLines: code.map((_, index) => line + index),
  }
}

function continueSnippet(snippet: Snippet, block: Block): Snippet {
  return {
    ...snippet,
    setup: block.directives.setup ?? snippet.setup,
    typecheckOnly: block.directives.typecheckOnly ?? snippet.typecheckOnly,
    throws: block.directives.throws ?? snippet.throws,
    code: [...snippet.code, ...block.code],
    pageLines: [...snippet.pageLines, ...block.code.map((_, index) => block.line + index)],
  }
}

/** Puts the blocks of one page together to modules. */
export function makeSnippets(blocks: readonly Block[], isExample: boolean): readonly Snippet[] {
  const snippets: Snippet[] = []
  for (const block of blocks) {
    const last = snippets.at(-1)
    if (block.directives.continues !== true) {
      snippets.push(startSnippet(block, isExample))
      continue
    }
    if (last === undefined) throw new Error(`${block.page}:${block.line}: there is no block to continue`)
    const { typecheckOnly, throws } = block.directives
    const continued = continueSnippet(last, block)
    // What is not run, or fails, must not take the blocks before it along.
    const isApart = typecheckOnly !== undefined || throws !== undefined
    if (isApart) snippets.push({ ...continued, module: `${last.module}-to-${block.line}` })
    else snippets[snippets.length - 1] = continued
  }
  return snippets
}
