import { type Block, findBlocks } from './blocks.js'

const stripStar = (line: string): string => line.replace(/^\s*\/?\*+\/? ?/, '').replace(/\s*\*\/\s*$/, '')

/** The lines of each `@example` in a doc comment, with the number of the first one. */
function examplesOf(comment: readonly string[], firstLine: number): { lines: string[]; line: number }[] {
  const examples: { lines: string[]; line: number }[] = []
  let current: { lines: string[]; line: number } | undefined
  let isInFence = false
  for (const [index, raw] of comment.entries()) {
    const line = stripStar(raw)
    if (line.trimStart().startsWith('```')) isInFence = !isInFence
    if (!isInFence && /^@\w+/.test(line)) {
      current = line.startsWith('@example')
        ? { lines: [line.slice('@example'.length).trim()], line: firstLine + index }
        : undefined
      if (current !== undefined) examples.push(current)
      continue
    }
    current?.lines.push(line)
  }
  return examples
}

/** Finds the `@example` blocks of a source file. An example without a fence is TypeScript as a whole. */
export function findExamples(page: string, source: string): readonly Block[] {
  const blocks: Block[] = []
  for (const match of source.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)) {
    const firstLine = source.slice(0, match.index).split('\n').length
    for (const { lines, line } of examplesOf(match[0].split('\n'), firstLine)) {
      const fenced = findBlocks(page, lines, line)
      const isFenced = lines.some((text) => text.trimStart().startsWith('```'))
      if (isFenced) blocks.push(...fenced)
      else blocks.push({ page, line, language: 'ts', code: lines, directives: {} })
    }
  }
  return blocks
}
