import { fileURLToPath } from 'node:url'
import { processConformance } from '@holdfast/core/testing'
import { describe, it } from 'vitest'

const program = {
  name: 'Fastify 5',
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  nodeArgs: ['--conditions=holdfast-source', '--import', 'tsx'],
  code: `import { adapter } from './test-app.ts'`,
}

describe('a process of Fastify 5', () => {
  for (const { name, run } of processConformance) it(name, () => run(program), 30_000)
})
