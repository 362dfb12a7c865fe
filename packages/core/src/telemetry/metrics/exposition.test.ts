import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { parseExposition, textOf } from '../../../test/fixtures/exposition.js'
import { createMetrics } from './create-metrics.js'
import { formatFor } from './exposition.js'

const openMetrics = 'application/openmetrics-text;version=1.0.0'
const request = { method: 'GET', route: '/', status: 200, durationMs: 3, aborted: false }
const hasPromtool = spawnSync('promtool', ['--version']).status === 0

function withOwnMetrics() {
  const metrics = createMetrics()
  const registers = [metrics.registry]
  new Counter({ name: 'orders_total', help: 'Orders "placed".', labelNames: ['kind'], registers }).inc({
    kind: 'a"b\\c',
  })
  new Counter({ name: 'misnamed', help: 'Without its suffix.', registers }).inc(2)
  new Histogram({ name: 'order_size_bytes', help: 'Size.', registers }).observe(1)
  metrics.server.begin()
  metrics.server.end({ ...request, trace: { traceId: 'a'.repeat(32), sampled: true } })
  metrics.client.operation('orders', 'get').record('success', 0.1)
  return metrics
}

describe('expose', () => {
  it('writes the metrics of the application and of the process beside its own', async () => {
    const metrics = withOwnMetrics()
    const { contentType, chunks } = metrics.expose()
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
    const { samples, types } = parseExposition(await textOf(chunks))
    expect(samples).toContainEqual({
      name: 'orders_total',
      labels: { kind: 'a"b\\c' },
      value: 1,
      exemplar: undefined,
    })
    expect(types.get('http_request_duration_seconds')).toBe('histogram')
    expect([...types.keys()]).toEqual(
      expect.arrayContaining(['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds']),
    )
  })

  it('says the same as the registry does', async () => {
    const metrics = withOwnMetrics()
    metrics.registry.setDefaultLabels({ app: 'a"{}\n', route: 'not this one' })
    const own = parseExposition(await textOf(metrics.expose().chunks)).samples
    const fromRegistry = parseExposition(await metrics.registry.metrics()).samples
    const steady = (samples: typeof own) =>
      samples
        .filter(({ name }) => /^(http|metrics|orders|order|misnamed)/.test(name))
        .map((each) => ({ ...each, labels: Object.fromEntries(Object.entries(each.labels).sort()) }))
        .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
    expect(steady(own)).toEqual(steady(fromRegistry))
    expect(own.every(({ labels }) => labels.app === 'a"{}\n')).toBe(true)
  })

  it('writes OpenMetrics for those who ask for it', async () => {
    const metrics = withOwnMetrics()
    const { contentType, chunks } = metrics.expose(openMetrics)
    const text = await textOf(chunks)
    const { samples, types } = parseExposition(text)
    expect(contentType).toContain('application/openmetrics-text')
    expect(text.endsWith('# EOF\n')).toBe(true)
    expect(text.match(/# EOF/g)).toHaveLength(1)
    expect(types.get('orders')).toBe('counter')
    expect(types.get('misnamed')).toBe('unknown')
    expect(types.get('http_client_attempts')).toBe('counter')
    for (const [name, type] of types) {
      const own = samples.filter((sample) => sample.name.startsWith(name))
      if (type === 'counter') expect(own.some((sample) => sample.name === name)).toBe(false)
    }
    expect(samples.filter(({ name }) => name === 'orders_total')).toHaveLength(1)
  })

  it('takes a registry that writes OpenMetrics itself', async () => {
    const registry = new Registry()
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
    const metrics = createMetrics({ registry, process: false })
    new Counter({ name: 'orders_total', help: 'Orders.', registers: [registry] }).inc()
    const { contentType, chunks } = metrics.expose()
    const { samples } = parseExposition(await textOf(chunks))
    expect(contentType).toContain('openmetrics')
    expect(samples.map(({ name }) => name)).toContain('orders_total')
  })

  it('leaves out what throws or hangs, says so, and does not wait for it again', async () => {
    const metrics = createMetrics({ process: false })
    const registers = [metrics.registry]
    let hangs = 0
    const collect = {
      throws: () => {
        throw new Error('no')
      },
      hangs: () => {
        hangs++
        return new Promise<void>(() => {})
      },
    }
    new Gauge({ name: 'throws', help: 'Throws.', registers, collect: collect.throws })
    new Gauge({ name: 'hangs', help: 'Hangs.', registers, collect: collect.hangs })
    new Gauge({ name: 'works', help: 'Works.', registers }).set(1)
    metrics.client.watch({
      $on: () => () => {},
      $stats() {
        throw new Error('no')
      },
    })
    const failuresOf = (text: string) =>
      parseExposition(text).samples.find(({ name }) => name === 'metrics_collect_failures_total')?.value
    const first = await textOf(metrics.expose().chunks)
    expect(first).toContain('\nworks 1\n')
    expect(first).toContain('\nhttp_requests_in_flight 0\n')
    expect(failuresOf(first)).toBe(2 + 7)
    // No time passes: what hangs is not waited for again.
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    expect(failuresOf(await textOf(metrics.expose().chunks))).toBe(2 * (2 + 7))
    expect(hangs).toBe(1)
  })

  it('lets go of the event loop while it writes 10,000 series', async () => {
    const metrics = createMetrics({ process: false, maxSeries: 10_000 })
    for (let route = 0; route < 10_000; route++) {
      metrics.server.begin()
      metrics.server.end({ ...request, route: `/routes/${route}` })
    }
    let shortest = Number.POSITIVE_INFINITY
    // The best of a few: a busy machine holds the loop as well, and the exposition is not to blame.
    for (let scrape = 0; scrape < 10 && shortest >= 20; scrape++) {
      let longest = 0
      let last = performance.now()
      const tick = () => {
        longest = Math.max(longest, performance.now() - last)
        last = performance.now()
        timer = setImmediate(tick)
      }
      let timer = setImmediate(tick)
      let samples = 0
      for await (const chunk of metrics.expose().chunks) samples += chunk.split('\n').length - 1
      clearImmediate(timer)
      expect(samples).toBeGreaterThan(170_000)
      shortest = Math.min(shortest, longest)
    }
    expect(shortest).toBeLessThan(20)
  })

  it.each(['prometheus', 'otel'] as const)('is well-formed for any label, with %s names', async (naming) => {
    const text = fc.string({ unit: 'binary' })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text, text), { maxLength: 10 }), async (calls) => {
        const metrics = createMetrics({ process: false, naming })
        const distinct = new Map<string, number>()
        for (const [dependency, operation, outcome] of calls) {
          metrics.client.operation(dependency, operation).record(outcome, 0.1)
          const shown = naming === 'otel' && outcome === 'success' ? '' : outcome
          const key = JSON.stringify([dependency, operation, shown])
          distinct.set(key, (distinct.get(key) ?? 0) + 1)
        }
        const { samples } = parseExposition(await textOf(metrics.expose().chunks))
        const counts = samples.filter(({ name }) => name === 'http_client_request_duration_seconds_count')
        const names =
          naming === 'otel'
            ? ['server_address', 'operation', 'error_type']
            : ['dependency', 'operation', 'outcome']
        const read = counts.map(({ labels, value }) => [
          JSON.stringify(names.map((name) => labels[name] ?? '')),
          value,
        ])
        expect(read.sort()).toEqual([...distinct].sort())
      }),
      { numRuns: 100 },
    )
  })
})

describe('formatFor', () => {
  it.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    [openMetrics, 'openmetrics'],
    [`${openMetrics};q=0.5,text/plain;q=0.2`, 'openmetrics'],
    ['text/plain,application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=0.0,text/plain', 'text'],
    ['application/openmetrics-textual', 'text'],
  ])('%s', (accept, format) => {
    expect(formatFor(accept)).toBe(format)
  })
})

describe.skipIf(!hasPromtool)('promtool [needs promtool]', () => {
  it.each(['prometheus', 'otel'] as const)('accepts a scrape with %s names', async (naming) => {
    const metrics = createMetrics({ naming })
    metrics.server.begin()
    metrics.server.end(request)
    metrics.client.operation('orders', 'get').record('success', 0.1)
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await textOf(metrics.expose().chunks),
      encoding: 'utf8',
    })
    expect(stdout + stderr).toBe('')
    expect(status).toBe(0)
  })
})
