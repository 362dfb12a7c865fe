import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseExposition, textOf } from '../../../test/fixtures/exposition.js'
import { createMetrics } from './create-metrics.js'
import { durationBuckets } from './histogram-slot.js'
import type { ServedRequest } from './server-metrics.js'

const request: ServedRequest = { method: 'GET', route: '/', status: 200, durationMs: 3, aborted: false }

async function samplesOf(metrics: ReturnType<typeof createMetrics>, accept?: string) {
  return parseExposition(await textOf(metrics.expose(accept).chunks)).samples
}

const serve = (metrics: ReturnType<typeof createMetrics>, served: Partial<ServedRequest>) => {
  metrics.server.begin()
  metrics.server.end({ ...request, ...served })
}

describe('ServerMetrics', () => {
  it('counts requests by method, route and status, and those under way', async () => {
    const metrics = createMetrics({ process: false })
    serve(metrics, { durationMs: 30 })
    serve(metrics, { durationMs: 30 })
    serve(metrics, { route: undefined, status: 404, method: 'BREW' })
    metrics.server.begin()
    const samples = await samplesOf(metrics)
    const count = (labels: object) =>
      samples.find(
        (each) =>
          each.name === 'http_request_duration_seconds_count' &&
          JSON.stringify(each.labels) === JSON.stringify(labels),
      )?.value
    expect(count({ method: 'GET', route: '/', status_code: '200' })).toBe(2)
    expect(count({ method: '_OTHER', route: '<unmatched>', status_code: '404' })).toBe(1)
    expect(samples).toContainEqual({
      name: 'http_requests_in_flight',
      labels: {},
      value: 1,
      exemplar: undefined,
    })
  })

  it('counts those whose caller left within the answer; who left before it has status 499', async () => {
    const metrics = createMetrics({ process: false })
    serve(metrics, { aborted: true })
    serve(metrics, { aborted: true, status: 499 })
    const samples = await samplesOf(metrics)
    const aborted = samples.filter(({ name }) => name === 'http_requests_aborted_total')
    expect(aborted).toMatchObject([{ labels: { method: 'GET', route: '/' }, value: 1 }])
    expect(samples.some(({ labels }) => labels.status_code === '499')).toBe(true)
  })

  it('has no number for durations that are none, and never less than no request in flight', async () => {
    const metrics = createMetrics({ process: false })
    serve(metrics, { durationMs: Number.NaN })
    serve(metrics, { durationMs: -1 })
    metrics.server.end(request)
    expect(metrics.server.inFlight).toBe(0)
    const samples = await samplesOf(metrics)
    expect(samples.find(({ name }) => name === 'http_request_duration_seconds_count')?.value).toBe(1)
  })

  it('is as right as counting by hand, for any labels and durations', async () => {
    const served = fc.record({
      method: fc.constantFrom('GET', 'POST', 'get', '_OTHER'),
      route: fc.string({ unit: 'binary', minLength: 1 }),
      status: fc.integer({ min: 100, max: 599 }),
      durationMs: fc.oneof(
        fc.double({ min: 0, max: 20_000, noNaN: true }),
        fc.constantFrom(...durationBuckets.map((bound) => bound * 1_000)),
      ),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(served, { maxLength: 30 }), async (all) => {
        const metrics = createMetrics({ process: false })
        for (const each of all) serve(metrics, each)
        const samples = await samplesOf(metrics)
        for (const { method, route, status } of all) {
          const alike = all.filter(
            (each) =>
              each.route === route &&
              each.status === status &&
              (each.method === 'GET' || each.method === 'POST' ? each.method : '_OTHER') ===
                (method === 'GET' || method === 'POST' ? method : '_OTHER'),
          )
          const own = samples.filter(
            ({ labels }) =>
              labels.route === route &&
              labels.status_code === String(status) &&
              labels.method === (method === 'GET' || method === 'POST' ? method : '_OTHER'),
          )
          for (const bound of durationBuckets) {
            const bucket = own.find(({ labels }) => labels.le === String(bound))
            expect(bucket?.value).toBe(alike.filter(({ durationMs }) => durationMs / 1_000 <= bound).length)
          }
          expect(own.find(({ name }) => name.endsWith('_count'))?.value).toBe(alike.length)
          const sum = alike.reduce((total, { durationMs }) => total + durationMs / 1_000, 0)
          expect(own.find(({ name }) => name.endsWith('_sum'))?.value).toBeCloseTo(sum, 6)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('keeps labels apart that look alike when put together', async () => {
    const metrics = createMetrics({ process: false })
    serve(metrics, { route: '/a",status_code="500' })
    serve(metrics, { route: '/a' })
    serve(metrics, { route: '/a\\' })
    serve(metrics, { route: '/a\n' })
    const samples = await samplesOf(metrics)
    const counts = samples.filter(({ name }) => name === 'http_request_duration_seconds_count')
    expect(counts.map(({ value }) => value)).toEqual([1, 1, 1, 1])
  })

  it('stays bounded whatever comes, and says how much shares a series', async () => {
    const metrics = createMetrics({ process: false, maxSeries: 50 })
    for (let index = 0; index < 100_000; index++) {
      serve(metrics, {
        route: `/${index}`,
        method: `M${index}`,
        aborted: true,
        status: index % 2 ? 200 : 500,
      })
    }
    serve(metrics, { route: '<overflow>' })
    const samples = await samplesOf(metrics)
    expect(samples.length).toBeLessThan(53 * 17 + 51 + 30)
    const overflow = samples.filter(
      ({ name, labels }) =>
        name === 'http_request_duration_seconds_count' && labels.route === '<overflow>' && labels.status_code,
    )
    expect(overflow.map(({ labels, value }) => [labels.method, labels.status_code, value])).toEqual([
      ['_OTHER', '500', 49_975],
      ['_OTHER', '200', 49_976],
    ])
    const shared = samples.filter(({ name }) => name === 'metrics_series_overflow_total')
    expect(shared.find(({ labels }) => labels.metric === 'http_request_duration_seconds')?.value).toBe(99_951)
    expect(shared.find(({ labels }) => labels.metric === 'http_requests_aborted_total')?.value).toBe(99_950)
  })

  it('names a sampled trace in OpenMetrics', async () => {
    const metrics = createMetrics({ process: false })
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
    serve(metrics, { durationMs: 30, trace: { ...trace, sampled: false } })
    serve(metrics, { durationMs: 3, trace: { ...trace, sampled: true } })
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5'
    const withExemplar = (await samplesOf(metrics, accept)).filter(({ exemplar }) => exemplar !== undefined)
    expect(withExemplar).toMatchObject([{ labels: { le: '0.005' } }])
    expect(withExemplar[0]?.exemplar).toMatch(
      new RegExp(`^\\{trace_id="${trace.traceId}",span_id="${trace.spanId}"\\} 0.003 \\d+(\\.\\d+)?$`),
    )
    expect((await samplesOf(metrics)).some(({ exemplar }) => exemplar !== undefined)).toBe(false)
    const without = createMetrics({ process: false, exemplars: false })
    serve(without, { trace: { ...trace, sampled: true } })
    expect((await samplesOf(without, accept)).some(({ exemplar }) => exemplar !== undefined)).toBe(false)
  })

  it('uses the names of the semantic conventions when asked', async () => {
    const metrics = createMetrics({ process: false, naming: 'otel' })
    serve(metrics, {})
    serve(metrics, { status: 503 })
    const counts = (await samplesOf(metrics)).filter(
      ({ name }) => name === 'http_server_request_duration_seconds_count',
    )
    const labels = { http_request_method: 'GET', http_route: '/' }
    expect(counts.map((each) => each.labels)).toEqual([
      { ...labels, http_response_status_code: '200' },
      { ...labels, http_response_status_code: '503', error_type: '503' },
    ])
  })
})
