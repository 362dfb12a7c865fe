import { Registry } from 'prom-client'
import { OptionCheck, show } from '../../foundation/config/index.js'
import { ClientMetrics } from './client-metrics.js'
import { CollectedFamily } from './collected-family.js'
import { CounterFamily } from './counter-family.js'
import { type Exposition, expose } from './exposition.js'
import { ForeignMetrics } from './foreign-metrics.js'
import { HistogramFamily } from './histogram-family.js'
import { describeMetric, type MetricsNaming } from './metric-definitions.js'
import type { MetricFamily } from './metric-family.js'
import { bridge, type MetricsRegistry, registryMethods } from './metrics-registry.js'
import { addProcessMetrics } from './process-metrics.js'
import { ServerMetrics } from './server-metrics.js'

/** What a service's metrics can be told. */
export interface MetricsOptions<Shown extends MetricsRegistry = MetricsRegistry> {
  /**
   * The registry that the metrics are shown in.
   * @default a new prom-client `Registry`
   */
  readonly registry?: Shown | undefined
  /**
   * `'otel'` for the names of OpenTelemetry's semantic conventions.
   * @default 'prometheus'
   */
  readonly naming?: MetricsNaming | undefined
  /**
   * Label sets that one metric has at most; what comes later is counted together as `<overflow>`.
   * @default 2000
   */
  readonly maxSeries?: number | undefined
  /**
   * Whether buckets name a sampled trace when the scraper asks for OpenMetrics.
   * @default true
   */
  readonly exemplars?: boolean | undefined
  /**
   * Whether prom-client's metrics of the process and the event loop are added.
   * @default true
   */
  readonly process?: boolean | undefined
}

/** The metrics of a service. */
export interface Metrics<Shown extends MetricsRegistry = Registry> {
  /** The registry: everything is shown in it, and the application's own metrics belong there. */
  readonly registry: Shown
  readonly server: ServerMetrics
  readonly client: ClientMetrics
  /** Writes everything in the registry, for the `accept` header of a scraper. */
  expose(accept?: string): Exposition
  /** Takes the metrics out of the registry. */
  close(): void
}

/** Of a metrics option that was not given. */
export const metricsDefaults = Object.freeze({
  naming: 'prometheus',
  maxSeries: 2_000,
  exemplars: true,
  process: true,
} as const)

/** The metrics that a registry shows. */
const shownIn = new WeakMap<MetricsRegistry, Metrics<MetricsRegistry>>()

/**
 * The metrics that `registry` shows already, or else new ones without those of the process: what is counted for it in
 * several places belongs into the same series.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `registry` is none, or has a metric that is called like one of these.
 */
export function metricsIn(registry: MetricsRegistry): Metrics<MetricsRegistry> {
  return shownIn.get(registry) ?? createMetrics({ registry, process: false })
}

const optionNames = ['registry', 'naming', 'maxSeries', 'exemplars', 'process']

/**
 * The metrics of one service.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is wrong, or when the registry has a metric already that
 * is called like one of these.
 */
export function createMetrics<Shown extends MetricsRegistry = Registry>(
  options: MetricsOptions<Shown> = {},
): Metrics<Shown> {
  const check = new OptionCheck('metrics')
  checkOptions(check, options)
  check.done()
  const { naming, maxSeries, exemplars } = { ...metricsDefaults, ...defined(options) }
  const registry = options.registry ?? (new Registry() as MetricsRegistry as Shown)
  const server = new ServerMetrics({ naming, maxSeries, exemplars })
  const client = new ClientMetrics({ naming, maxSeries, exemplars })
  const limited = [...server.families, ...client.families]
  let failed = 0
  const failures = new CollectedFamily('counter', describeMetric('collectFailures', naming), () => [
    [[], failed],
  ])
  const families = [...limited, overflowFamily(limited, naming)]
  const own = [...families, failures]
  refuseTaken(registry, own)
  for (const family of own) bridge(registry, family)
  const names = own.map(({ name }) => name)
  const added = (options.process ?? metricsDefaults.process) ? addProcessMetrics(registry) : []
  const foreign = new ForeignMetrics(registry, new Set(names))
  const onFailure = (): void => {
    failed++
  }
  const metrics = Object.freeze({
    registry,
    server,
    client,
    expose: (accept?: string) => expose({ registry, families, foreign, failures, onFailure }, accept),
    close() {
      for (const name of [...names, ...added]) registry.removeSingleMetric(name)
      shownIn.delete(registry)
    },
  })
  shownIn.set(registry, metrics)
  return metrics
}

function checkOptions(check: OptionCheck, options: MetricsOptions): void {
  if (!check.object('', options, optionNames)) return
  const { registry, naming, maxSeries, exemplars, process } = options
  if (registry !== undefined) {
    const methods = registry as unknown as Record<string, unknown> | null
    const missing = registryMethods.filter((name) => typeof methods?.[name] !== 'function')
    if (missing.length > 0) {
      check.add('registry', `must be a registry like prom-client's; it has no ${missing.join(', ')}`)
    }
  }
  check.oneOf('naming', naming, ['prometheus', 'otel'])
  check.number('maxSeries', maxSeries, { min: 1, max: 1_000_000, integer: true })
  check.boolean('exemplars', exemplars)
  check.boolean('process', process)
}

function refuseTaken(registry: MetricsRegistry, families: readonly MetricFamily[]): void {
  const check = new OptionCheck('metrics')
  for (const { name } of families) {
    if (registry.getSingleMetric(name) === undefined) continue
    check.add('registry', `has a metric ${show(name)} already; give each service a registry of its own`)
  }
  check.done()
}

function overflowFamily(families: readonly MetricFamily[], naming: MetricsNaming): MetricFamily {
  const bounded = families.filter(
    (family) => family instanceof HistogramFamily || family instanceof CounterFamily,
  )
  return new CollectedFamily('counter', describeMetric('seriesOverflow', naming), () =>
    bounded.map((family) => [[family.name], family.overflowCount]),
  )
}

/** Without the options that are `undefined`, which must not hide a default. */
function defined<Options extends object>(
  options: Options,
): { [Name in keyof Options]?: NonNullable<Options[Name]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Options]?: NonNullable<Options[Name]>
  }
}
