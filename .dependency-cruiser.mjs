const core = '^packages/core/src/'
const test = '\\.test(-d)?\\.ts$'
const feature = (names) => `${core}(${names})/`

/** A folder of core, and the folders it may import. Everything else is refused. */
const layers = {
  errors: [],
  priority: [],
  config: ['errors'],
  cancellation: ['errors'],
  context: ['errors', 'config', 'cancellation', 'priority'],
  policies: ['errors', 'config', 'cancellation', 'priority'],
  logging: ['errors', 'config', 'context'],
  metrics: ['errors', 'config', 'context'],
  tracing: ['errors', 'config', 'context', 'logging'],
  otel: ['errors', 'config', 'tracing'],
  endpoints: ['errors', 'config', 'policies'],
  traffic: ['errors', 'config', 'policies'],
  transport: ['errors', 'config', 'policies'],
  contract: ['errors', 'config', 'policies', 'priority'],
  discovery: ['errors', 'config', 'context', 'policies', 'logging', 'endpoints', 'transport'],
  client: [
    'errors',
    'config',
    'cancellation',
    'priority',
    'context',
    'policies',
    'endpoints',
    'traffic',
    'transport',
    'contract',
    'logging',
    'metrics',
    'tracing',
  ],
  health: ['errors', 'config', 'context', 'logging', 'metrics'],
  lifecycle: ['errors', 'config', 'context', 'logging', 'metrics', 'health'],
  server: [
    'errors',
    'config',
    'priority',
    'context',
    'policies',
    'contract',
    'client',
    'logging',
    'metrics',
    'tracing',
    'health',
    'lifecycle',
  ],
  service: [
    'errors',
    'config',
    'context',
    'contract',
    'client',
    'logging',
    'metrics',
    'tracing',
    'health',
    'lifecycle',
    'server',
  ],
  testing: ['errors', 'config', 'context', 'policies', 'contract', 'client', 'logging', 'server', 'service'],
}

const layerRules = Object.entries(layers).map(([name, allowed]) => ({
  name: `layer-${name}`,
  comment: `${name} may import ${allowed.join(', ') || 'nothing of core'}`,
  severity: 'error',
  from: { path: feature(name), pathNot: test },
  to: { path: core, pathNot: feature([name, ...allowed].join('|')) },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    {
      name: 'folder-without-a-layer',
      comment: 'give a new folder its place in the layers of .dependency-cruiser.mjs',
      severity: 'error',
      from: { path: `${core}[^/]+/`, pathNot: feature(Object.keys(layers).join('|')) },
      to: {},
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'features-through-their-index',
      comment: 'another feature is imported through its index.ts',
      severity: 'error',
      from: { path: `${core}([^/]+)/` },
      to: { path: `${core}[^/]+/`, pathNot: [`${core}$1/`, `${core}[^/]+/index\\.ts$`] },
    },
    {
      name: 'entry-points-import-features-through-their-index',
      severity: 'error',
      from: { path: `${core}[^/]+\\.ts$`, pathNot: test },
      to: { path: `${core}[^/]+/`, pathNot: `${core}[^/]+/index\\.ts$` },
    },
    {
      name: 'testing-stays-out-of-the-product',
      severity: 'error',
      from: { path: core, pathNot: [test, feature('testing')] },
      to: { path: feature('testing') },
    },
    {
      name: 'product-code-does-not-import-tests',
      severity: 'error',
      from: { pathNot: test },
      to: { path: test },
    },
    {
      name: 'policies-know-no-http',
      severity: 'error',
      from: { path: feature('policies|errors|cancellation'), pathNot: test },
      to: {
        path: [
          'node_modules/(undici|zod|pino|prom-client|@opentelemetry)/',
          '^(node:)?(http|https|http2|net|tls)$',
        ],
      },
    },
    {
      name: 'no-dev-dependencies-in-the-product',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: test },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only', 'npm', 'npm-peer', 'npm-optional'],
      },
    },
    {
      name: 'nothing-undeclared',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    },
    {
      name: 'nothing-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'packages-through-their-entry-points',
      comment: 'examples and benchmarks import what users can import',
      severity: 'error',
      from: { path: '^(examples|benchmarks|tools)/' },
      to: {
        path: '^packages/[^/]+/src/',
        dependencyTypes: ['local'],
        dependencyTypesNot: ['aliased-workspace'],
      },
    },
    {
      name: 'packages-do-not-reach-out',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: {
        path: '^(packages|examples|benchmarks|tools)/',
        pathNot: ['^packages/$1/', `${core}index\\.ts$`, `${core}(server|testing|otel)/index\\.ts$`],
      },
    },
  ],
  options: {
    exclude: { path: '(^|/)(dist|coverage|\\.cache)/' },
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['holdfast-source', 'types', 'import', 'node', 'default'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}
