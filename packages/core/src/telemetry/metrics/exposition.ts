import { type ForeignMetrics, writesOpenMetrics } from './foreign-metrics.js'
import { furtherLabels } from './label-text.js'
import { type ExpositionFormat, headerLines, type MetricFamily } from './metric-family.js'
import type { MetricsRegistry } from './metrics-registry.js'
import { Pace, paced } from './paced.js'

/** The answer to one scrape. */
export interface Exposition {
  readonly contentType: string
  /** The text in pieces; the event loop is free between them. */
  readonly chunks: AsyncIterable<string>
}

export const contentTypes: Readonly<Record<ExpositionFormat, string>> = Object.freeze({
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
})

const acceptsOpenMetrics =
  /(?:^|,)\s*application\/openmetrics-text\s*(?:;(?![^,]*\bq=0(?:\.0*)?\s*(?:[;,]|$))[^,]*)?(?:,|$)/i

/** The format for an `accept` header. */
export function formatFor(accept: string | undefined): ExpositionFormat {
  return accept !== undefined && acceptsOpenMetrics.test(accept) ? 'openmetrics' : 'text'
}

/** Everything that a scrape reads from. */
export interface ExpositionSource {
  readonly registry: MetricsRegistry
  readonly families: readonly MetricFamily[]
  readonly foreign: ForeignMetrics
  /** A family of one series without labels, which shows the default labels of the registry. */
  readonly failures: MetricFamily
  /** Told of every metric that is left out. */
  readonly onFailure: () => void
}

/** Writes all metrics, Holdfast's own first. */
export function expose(source: ExpositionSource, accept: string | undefined): Exposition {
  const format = writesOpenMetrics(source.registry) ? 'openmetrics' : formatFor(accept)
  return { contentType: contentTypes[format], chunks: writeAll(source, format) }
}

async function* writeAll(source: ExpositionSource, format: ExpositionFormat): AsyncGenerator<string> {
  const { registry, families, foreign, failures, onFailure } = source
  const pace = new Pace()
  const defaults = await defaultLabels(registry, failures.name)
  for (const family of families) {
    const rendering = { format, further: furtherLabels(defaults, family.labelNames) }
    yield* paced(guarded([headerLines(family, format)], onFailure), pace)
    yield* paced(guarded(family.lines(rendering), onFailure), pace)
  }
  for (const name of foreign.names()) {
    const text = await foreign.text(name, format)
    if (text === undefined) onFailure()
    else yield text
    await pace.breathe()
  }
  // Last, so that it counts what this scrape left out.
  const last = { format, further: furtherLabels(defaults, failures.labelNames) }
  yield headerLines(failures, format) + [...failures.lines(last)].join('')
  if (format === 'openmetrics') yield '# EOF\n'
}

function* guarded(lines: Iterable<string>, onFailure: () => void): Generator<string> {
  try {
    yield* lines
  } catch {
    onFailure()
  }
}

/** The labels that the registry puts on every metric, read off one that has none. */
async function defaultLabels(registry: MetricsRegistry, name: string): Promise<string> {
  try {
    const sample = (await registry.getSingleMetricAsString(name)).trimEnd().split('\n').at(-1) ?? ''
    const start = sample.indexOf('{')
    return start < 0 ? '' : sample.slice(start + 1, sample.lastIndexOf('}'))
  } catch {
    return ''
  }
}
