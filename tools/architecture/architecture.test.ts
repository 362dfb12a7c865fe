import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Wing, wings } from './wings.mjs'

const root = new URL('../../', import.meta.url)
const source = new URL('packages/core/src/', root)
const page = readFileSync(new URL('docs/architecture.md', root), 'utf8')

const named = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

/** The rows of the page's first table: name and features. */
function wingsOfThePage(): Wing[] {
  const rows = page
    .slice(page.indexOf('|---'), page.indexOf('\n\n', page.indexOf('|---')))
    .split('\n')
    .slice(1)
  return rows.map((row) => {
    const [, name = '', features = ''] = row.split('|')
    const listed = named(features)
    return { name: named(name)[0] ?? '', ...(listed.length > 0 && { features: listed }) }
  })
}

/** Which folder of `packages/core/src` each import outside of tests leads from and to. */
function imports(): { readonly file: string; readonly to: string }[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.includes('/') && file.endsWith('.ts') && !/\.test(-d)?\.ts$/.test(file),
  )
  return files.flatMap((file) => {
    const text = readFileSync(new URL(file, source), 'utf8')
    return [...text.matchAll(/(?:from|import|import\() ?'(\.[^']+)'/g)].map(([, path = '']) => {
      const to = new URL(path, new URL(file, source)).pathname.slice(source.pathname.length)
      return { file, to }
    })
  })
}

const wingAt = (path: string): number => wings.findIndex(({ name }) => path.startsWith(`${name}/`))

describe('the architecture page', () => {
  it('lists the wings and their features in the order that lint holds', () => {
    expect(wingsOfThePage()).toEqual(wings)
  })

  it('names only paths that exist', () => {
    const prose = page.replaceAll(/^```[\s\S]*?^```/gm, '')
    const features = wings.flatMap((wing) => wing.features ?? [])
    const isPath = (text: string) => text.includes('/') && !text.startsWith('@') && !features.includes(text)
    const paths = named(prose).filter(isPath)
    expect(paths.length).toBeGreaterThan(10)
    expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([])
  })
})

describe('the imports of core', () => {
  const found = imports()

  it('lead from a wing to itself and to the wings above it', () => {
    expect(found.length).toBeGreaterThan(500)
    const upwards = found.filter(({ file, to }) => wingAt(file) < wingAt(to) || wingAt(to) === -1)
    expect(upwards).toEqual([])
  })

  it('lead inside a wing to the features before', () => {
    const backwards = found.filter(({ file, to }) => {
      const wing = wings[wingAt(file)]
      if (wing?.features === undefined || wingAt(file) !== wingAt(to)) return false
      const at = (path: string): number =>
        wing.features?.findIndex((feature) => path.startsWith(`${wing.name}/${feature}/`)) ?? -1
      return at(file) !== -1 && (at(file) < at(to) || at(to) === -1)
    })
    expect(backwards).toEqual([])
  })

  it('lead inside the client from one folder to another in one direction only', () => {
    const inClient = found.filter(({ file, to }) => [file, to].every((path) => path.startsWith('client/')))
    const folders = inClient.map(({ file, to }) => [dirname(file), dirname(to)] as const)
    const edges = new Set(folders.map((edge) => edge.join(' -> ')))
    expect(edges.size).toBeGreaterThan(30)
    const twoWay = folders.filter(([from, to]) => from < to && edges.has(`${to} -> ${from}`))
    expect(twoWay).toEqual([])
  })
})
