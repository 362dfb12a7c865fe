import { configDefaults, defineConfig } from 'vitest/config'

// Tests import `@holdfast/core` as users do and meet its source, never a build that may be stale.
// To the defaults only this is added: Node itself gets the list, and 'import' in it would break `require()`.
const conditions = ['holdfast-source']

export default defineConfig({
  resolve: { conditions: ['holdfast-source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts', '{examples,benchmarks,tools}/**/*.test.ts'],
    // All variants under whole seeds take minutes: `npm run test:scenarios`.
    exclude: [...configDefaults.exclude, 'benchmarks/scenarios/definitions/targets-seed-*.test.ts'],
    globalSetup: ['tools/vitest/servers.ts'],
    allowOnly: false,
    pool: 'forks',
    maxWorkers: 2,
    // For what hangs, on machines that are busy with other things too.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    unstubGlobals: true,
    restoreMocks: true,
  },
})
