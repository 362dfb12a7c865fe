import { fileURLToPath } from 'node:url'
import { processConformance } from '@holdfast/core/testing'
import { describe, it } from 'vitest'

const sources = ['--conditions=holdfast-source', '--import', 'tsx']

/** The adapter finds Express 4 where it looks for Express, as in an application that has it. */
const resolveExpress4 = `export const resolve = (name, context, next) => next(name === 'express' ? 'express4' : name, context)`
const register = `import { register } from 'node:module'
register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(resolveExpress4)}`)})`

function program(name: string, nodeArgs: readonly string[]) {
  const code = `
    import express from 'express'
    import { expressAdapter } from './test-app.ts'
    const adapter = expressAdapter('${name}', express)`
  return { name, code, nodeArgs, cwd: fileURLToPath(new URL('.', import.meta.url)) }
}

const programs = [
  program('Express 5', sources),
  program('Express 4', [...sources, '--import', `data:text/javascript,${encodeURIComponent(register)}`]),
]

describe.each(programs)('a process of $name', (started) => {
  for (const { name, run } of processConformance) it(name, () => run(started), 30_000)
})
