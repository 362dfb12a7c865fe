import { fileURLToPath } from 'node:url'
import { adapterConformance, processConformance } from '@holdfast/core/testing'
import { describe, it } from 'vitest'
import { adapter } from './test-app.js'

const program = {
  name: adapter.name,
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  nodeArgs: ['--conditions=holdfast-source', '--import', 'tsx'],
  code: `import { adapter } from './test-app.ts'`,
}

describe('Koa 3', () => {
  for (const { name, run } of adapterConformance) it(name, () => run(adapter))
})

describe('a process of Koa 3', () => {
  for (const { name, run } of processConformance) it(name, () => run(program), 30_000)
})
