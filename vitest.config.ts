import { defineConfig } from 'vitest/config'

// Tests import `@holdfast/core` as users do and meet its source, never a build that may be stale.
const conditions = ['holdfast-source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', '{examples,benchmarks,tools}/**/*.test.ts'],
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
