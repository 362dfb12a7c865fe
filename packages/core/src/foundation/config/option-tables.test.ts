import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const docs = new URL('../../../../../docs/', import.meta.url)
const source = new URL('../../', import.meta.url)

const sources = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/\.test(-d)?\.ts$/.test(file))
  .map((file) => readFileSync(new URL(file, source), 'utf8'))

interface OptionTable {
  readonly page: string
  readonly interfaceName: string
  readonly rows: readonly (readonly [option: string, value: string])[]
}

/** Tables that follow a comment such as `<!-- options: RetryOptions -->`. */
function tablesOf(page: string): OptionTable[] {
  const text = readFileSync(new URL(page, docs), 'utf8')
  const found = text.matchAll(/<!-- options: (\w+) -->\n((?:\|.*\n)+)/g)
  return [...found].map(([, interfaceName = '', table = '']) => {
    const lines = table.trimEnd().split('\n').slice(2)
    const rows = lines.map((line) => {
      const [option = '', value = ''] = line.slice(2).split(' | ')
      return [plain(option), plain(value)] as const
    })
    return { page, interfaceName, rows }
  })
}

/** The members of an interface and of those it extends that have no table of their own, each with its `@default`. */
function optionsOf(interfaceName: string): (readonly [string, string])[] {
  const declaration = new RegExp(`export interface ${interfaceName}\\b[^{]*\\{`)
  const [text, ...others] = sources.filter((one) => declaration.test(one))
  if (text === undefined) throw new Error(`there is no interface ${interfaceName}`)
  if (others.length > 0) throw new Error(`there are several interfaces ${interfaceName}`)
  const [head = ''] = declaration.exec(text) ?? []
  const rest = text.slice(text.indexOf(head) + head.length)
  const body = rest.slice(0, rest.search(/^\}/m))
  const members = body.matchAll(/ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+readonly (\w+)(\?)?:/g)
  const own = [...members].map(([, comment = '', name = '', optional]) => {
    const [, value] = /@default (.*?)\s*(?:\n|$)/.exec(comment) ?? []
    return [name, plain(value ?? (optional === '?' ? 'none' : 'required'))] as const
  })
  const [, bases = ''] = /\bextends\s+([\w\s,]+)\{$/.exec(head) ?? []
  const parts = bases.split(',').map((base) => base.trim())
  return [...parts.filter((base) => base !== '' && !haveTables.has(base)).flatMap(optionsOf), ...own]
}

const plain = (text: string): string => text.replaceAll('`', '').trim()

const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter((page) => page.endsWith('.md'))
const tables = pages.flatMap(tablesOf)
const haveTables = new Set(tables.map(({ interfaceName }) => interfaceName))

describe('tables of options in the docs', () => {
  it('are found', () => {
    expect(tables.length).toBeGreaterThanOrEqual(12)
  })

  it.each(tables)('$page: $interfaceName has the options and defaults of the code', (table) => {
    expect(Object.fromEntries(table.rows)).toEqual(Object.fromEntries(optionsOf(table.interfaceName)))
  })
})
