import { describe, expect, it } from 'vitest'
import { findBlocks } from './blocks.js'
import { findExamples } from './examples.js'
import { makeSnippets } from './snippets.js'

const page = (...lines: string[]) => findBlocks('docs/page.md', lines)

describe('findBlocks', () => {
  it('finds the blocks of the languages it knows, with the line of their first code', () => {
    const blocks = page(
      '# A',
      '```ts',
      'const a = 1',
      '```',
      '```text',
      'no',
      '```',
      '~~~js',
      'b',
      '~~~',
      '```cjs',
      '```',
    )
    expect(blocks.map(({ line, language, code }) => ({ line, language, code }))).toEqual([
      { line: 3, language: 'ts', code: ['const a = 1'] },
      { line: 9, language: 'js', code: ['b'] },
      { line: 12, language: 'cjs', code: [] },
    ])
  })

  it('reads the directives above a block, and only those right above it', () => {
    const fence = ['```ts', 'x', '```']
    const blocks = page(
      '<!-- setup: a -->',
      '<!-- throws: CLOSED -->',
      ...fence,
      '<!-- setup: b -->',
      'text',
      ...fence,
    )
    expect(blocks.map(({ directives }) => directives)).toEqual([{ setup: 'a', throws: 'CLOSED' }, {}])
  })

  it('refuses a directive without its value', () => {
    expect(() => page('<!-- typecheck-only -->')).toThrow('docs/page.md:1')
  })

  it('takes the indent of a list off, and leaves shorter fences inside a longer one alone', () => {
    const blocks = page('1. a', '', '   ````ts', '   if (x) {', '     ```', '   }', '   ````')
    expect(blocks.map(({ code }) => code)).toEqual([['if (x) {', '  ```', '}']])
  })
})

describe('findExamples', () => {
  it('finds fenced and bare examples with their lines', () => {
    const source = [
      '/**',
      ' * One.',
      ' * @example',
      ' * ```ts',
      ' * one()',
      ' * ```',
      ' * @throws never',
      ' */',
      'export const one = 1',
      '/** @example two() */',
      'export const two = 2',
    ].join('\n')
    expect(findExamples('src/a.ts', source).map(({ line, code }) => ({ line, code }))).toEqual([
      { line: 5, code: ['one()'] },
      { line: 10, code: ['two()'] },
    ])
  })
})

describe('makeSnippets', () => {
  const blocks = page(
    ...['```ts', 'const a = 1', '```'],
    ...['<!-- continues -->', '```ts', 'a + 1', '```'],
    ...['<!-- continues -->', '<!-- throws: CLOSED -->', '```ts', 'a.b()', '```'],
    ...['<!-- file: orders.ts -->', '```ts', 'export {}', '```'],
  )

  it('joins blocks that continue another, and keeps what fails apart', () => {
    const snippets = makeSnippets(blocks, false)
    expect(snippets.map(({ code, throws }) => ({ code, throws }))).toEqual([
      { code: ['const a = 1', 'a + 1'], throws: undefined },
      { code: ['const a = 1', 'a + 1', 'a.b()'], throws: 'CLOSED' },
      { code: ['export {}'], throws: undefined },
    ])
    expect(snippets[1]?.pageLines).toEqual([2, 6, 11])
    expect(snippets[2]?.module).toBe('docs-page-md/orders')
  })

  it('refuses a first block that continues', () => {
    expect(() => makeSnippets(page('<!-- continues -->', '```ts', 'a', '```'), false)).toThrow(
      'docs/page.md:3',
    )
  })
})
