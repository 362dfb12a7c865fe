import type { ExpositionFormat } from './metric-family.js'
import type { MetricsRegistry } from './metrics-registry.js'

/** How long one metric of the application may take to be collected, in milliseconds. */
const collectTimeoutMs = 500
const openMetricsType = 'application/openmetrics-text'

/** Whether the registry writes OpenMetrics itself: its metrics can be had in no other format then. */
export function writesOpenMetrics(registry: MetricsRegistry): boolean {
  return registry.contentType.startsWith(openMetricsType)
}

/** Reads the metrics of a registry that are not Holdfast's own, each by itself. */
export class ForeignMetrics {
  readonly #registry: MetricsRegistry
  readonly #own: ReadonlySet<string>
  /** Shared by scrapes that overlap. */
  readonly #collecting = new Map<string, Promise<string>>()
  /** Metrics that an earlier scrape gave up on and that are still being collected. */
  readonly #stuck = new Set<string>()

  constructor(registry: MetricsRegistry, own: ReadonlySet<string>) {
    this.#registry = registry
    this.#own = own
  }

  names(): readonly string[] {
    return this.#registry
      .getMetricsAsArray()
      .map(({ name }) => name)
      .filter((name) => !this.#own.has(name))
  }

  /** The lines of a metric; `undefined` when it failed or took too long. */
  async text(name: string, format: ExpositionFormat): Promise<string | undefined> {
    if (this.#stuck.has(name)) return undefined
    try {
      const text = await this.#collected(name)
      if (text === undefined || text === '') return text
      const lines = text.endsWith('\n') ? text : `${text}\n`
      return format === 'openmetrics' ? toOpenMetrics(lines, writesOpenMetrics(this.#registry)) : lines
    } catch {
      return undefined
    }
  }

  async #collected(name: string): Promise<string | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.#stuck.add(name)
        resolve(undefined)
      }, collectTimeoutMs)
    })
    try {
      return await Promise.race([this.#collect(name), late])
    } finally {
      clearTimeout(timer)
    }
  }

  #collect(name: string): Promise<string> {
    const underWay = this.#collecting.get(name)
    if (underWay !== undefined) return underWay
    const collecting = this.#registry.getSingleMetricAsString(name)
    const done = () => {
      this.#collecting.delete(name)
      this.#stuck.delete(name)
    }
    this.#collecting.set(name, collecting)
    collecting.then(done, done)
    return collecting
  }
}

const counterHeader = /^# TYPE (\S+) counter$/m

/**
 * A metric in the text format as OpenMetrics, which differs for counters: the name of the metric has no `_total`, those
 * of its samples must have it. A counter that never had it is `unknown`, so that its series keeps its name.
 */
function toOpenMetrics(text: string, isOpenMetrics: boolean): string {
  const name = counterHeader.exec(text)?.[1]
  if (name === undefined) return text
  const base = name.replace(/_total$/, '')
  if (base === name && !isOpenMetrics) return text.replace(counterHeader, `# TYPE ${name} unknown`)
  return text
    .split('\n')
    .map((line) => {
      if (line === '') return line
      if (line.startsWith('#')) return line.replace(/^(# \w+ )\S+/, `$1${base}`)
      return line.replace(/^[^{\s]+/, `${base}_total`)
    })
    .join('\n')
}
