import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    otel: 'src/otel/index.ts',
    server: 'src/server/index.ts',
    testing: 'src/testing/index.ts',
  },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // One chunk graph: both sub-paths must share the same classes and the same request context.
  splitting: true,
  dts: true,
  sourcemap: true,
  clean: true,
  silent: true,
})
