import { wings } from './tools/architecture/wings.mjs'

const core = '^packages/core/src/'
const test = '\\.test(-d)?\\.ts$'
const inside = (...folders) => `${core}(${folders.join('|')})/`
const namesOf = (some) => some.map(({ name }) => name)

/** A wing imports itself and the wings above it. Everything else is refused. */
const wingRules = wings.map(({ name }, index) => ({
  name: `wing-${name}`,
  comment: `${name} may import ${namesOf(wings.slice(0, index)).join(', ') || 'no other wing'}`,
  severity: 'error',
  from: { path: inside(name), pathNot: test },
  to: { path: core, pathNot: inside(...namesOf(wings.slice(0, index + 1))) },
}))

/** Inside a wing a feature imports itself and the features before it. */
const featureRules = wings.flatMap(({ name, features = [] }) =>
  features.map((feature, index) => ({
    name: `${name}-${feature.replaceAll('/', '-')}`,
    comment: `${name}/${feature} may import ${features.slice(0, index).join(', ') || 'no other feature'} of ${name}`,
    severity: 'error',
    from: { path: inside(`${name}/${feature}`), pathNot: test },
    to: {
      path: inside(name),
      pathNot: features.slice(0, index + 1).map((allowed) => inside(`${name}/${allowed}`)),
    },
  })),
)

const places = wings.flatMap(({ name, features }) =>
  features === undefined
    ? [`${name}/`]
    : [...features.map((one) => `${name}/${one}/`), `${name}/[^/]+\\.ts$`],
)

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...wingRules,
    ...featureRules,
    {
      name: 'folder-without-a-place',
      comment: 'give a new folder its place in tools/architecture/wings.mjs',
      severity: 'error',
      // A test of what several features do together lies in the folder around them.
      from: { path: `${core}[^/]+/`, pathNot: [test, `${core}(${places.join('|')})`] },
      to: {},
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'wings-through-their-index',
      comment: 'another wing is imported through an index.ts',
      severity: 'error',
      from: { path: `${core}([^/]+)/` },
      to: {
        path: `${core}[^/]+/`,
        pathNot: [`${core}$1/`, `${core}[^/]+/index\\.ts$`, `${core}[^/]+/[^/]+/index\\.ts$`],
      },
    },
    {
      name: 'features-through-their-index',
      comment: 'another feature of the wing is imported through its index.ts',
      severity: 'error',
      from: { path: `${core}(foundation|policies|telemetry|upstream|service)/([^/]+)/`, pathNot: test },
      to: { path: `${core}$1/[^/]+/`, pathNot: [`${core}$1/$2/`, `${core}$1/[^/]+/index\\.ts$`] },
    },
    {
      name: 'entry-points-import-features-through-their-index',
      severity: 'error',
      from: { path: `${core}[^/]+\\.ts$`, pathNot: test },
      to: {
        path: `${core}[^/]+/`,
        pathNot: [`${core}[^/]+/index\\.ts$`, `${core}[^/]+/[^/]+/index\\.ts$`, inside('testing')],
      },
    },
    {
      name: 'testing-stays-out-of-the-product',
      severity: 'error',
      from: { path: core, pathNot: [test, inside('testing'), `${core}testing\\.ts$`] },
      to: { path: [inside('testing'), `${core}testing\\.ts$`] },
    },
    {
      name: 'product-code-does-not-import-tests',
      severity: 'error',
      from: { pathNot: [test, '^packages/[^/]+/test/'] },
      to: { path: [test, '^packages/[^/]+/test/'] },
    },
    {
      name: 'policies-know-no-http',
      severity: 'error',
      from: { path: inside('policies', 'foundation/(errors|priority|cancellation|events)'), pathNot: test },
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
        pathNot: ['^packages/$1/', `${core}index\\.ts$`, `${core}(server|testing|otel)\\.ts$`],
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
