import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    otel: 'src/otel.ts',
    server: 'src/server.ts',
    testing: 'src/testing.ts',
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
