import { defineConfig } from 'vitest/config'

// Tests import `@holdfast/core` as users do and meet its source, never a build that may be stale.
// To the defaults only this is added: Node itself gets the list, and 'import' in it would break `require()`.
const conditions = ['holdfast-source']

export default defineConfig({
  resolve: { conditions: ['holdfast-source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts', '{examples,benchmarks,tools}/**/*.test.ts'],
    globalSetup: ['tools/vitest/servers.ts'],
    allowOnly: false,
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 10_000,
    hookTimeout: 10_000,
    unstubGlobals: true,
    restoreMocks: true,
  },
})
