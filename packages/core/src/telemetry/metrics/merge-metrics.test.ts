import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseExposition, textOf } from '../../../test/fixtures/exposition.js'
import { createMetrics } from './create-metrics.js'
import { mergeMetrics } from './merge-metrics.js'
import type { MetricSnapshot } from './metric-family.js'

const program = fileURLToPath(new URL('../../../test/fixtures/workers.ts', import.meta.url))
/** Threads do not heed `--import`: the loader of TypeScript is registered within. */
const thread = `import('tsx/esm/api').then(({ register }) => {
  register()
  return import(${JSON.stringify(pathToFileURL(program).href)})
})`
const merged = async (snapshots: readonly (readonly MetricSnapshot[])[], accept?: string) =>
  parseExposition(await textOf(mergeMetrics(snapshots, { accept }).chunks))

describe('mergeMetrics', () => {
  it('gives one process its own metrics back', async () => {
    const served = fc.record({
      method: fc.constantFrom('GET', 'POST'),
      route: fc.string({ unit: 'binary', minLength: 1 }),
      status: fc.constantFrom(200, 404, 500),
      durationMs: fc.double({ min: 0, max: 20_000, noNaN: true }),
      aborted: fc.boolean(),
    })
    const sorted = (samples: readonly { name: string; labels: object }[]) =>
      samples.map((each) => JSON.stringify({ ...each, labels: Object.entries(each.labels).sort() })).sort()
    await fc.assert(
      fc.asyncProperty(fc.array(served, { maxLength: 10 }), async (all) => {
        const metrics = createMetrics({ process: false })
        for (const each of all) {
          metrics.server.begin()
          metrics.server.end(each)
        }
        const own = parseExposition(await textOf(metrics.expose().chunks))
        const back = await merged([await metrics.registry.getMetricsAsJSON()])
        expect(sorted(back.samples)).toEqual(sorted(own.samples))
        expect(back.types).toEqual(own.types)
      }),
      { numRuns: 50 },
    )
  })

  it('puts values together as their metric says', async () => {
    const parts = (aggregator: string | undefined) =>
      [1, 2, 6].map((value) => [
        { name: 'some_total', help: 'Some.', type: 'counter', aggregator, values: [{ labels: {}, value }] },
      ])
    const value = async (aggregator?: string) => (await merged(parts(aggregator))).samples[0]?.value
    expect(await value()).toBe(9)
    expect(await value('sum')).toBe(9)
    expect(await value('average')).toBe(3)
    expect(await value('min')).toBe(1)
    expect(await value('max')).toBe(6)
    expect(await value('first')).toBe(1)
    expect(await value('omit')).toBeUndefined()
  })

  it('keeps labels apart that look alike when put together, in whatever order they come', async () => {
    const metric = (labels: Record<string, string>) => [
      { name: 'some', help: 'Some.', type: 'gauge', values: [{ labels, value: 1 }] },
    ]
    const { samples } = await merged([
      metric({ a: '1,b:2', b: '3' }),
      metric({ a: '1', b: '2,b:3' }),
      metric({ b: '2,b:3', a: '1' }),
    ])
    expect(samples).toMatchObject([
      { labels: { a: '1,b:2', b: '3' }, value: 1 },
      { labels: { a: '1', b: '2,b:3' }, value: 2 },
    ])
  })

  it('writes OpenMetrics for those who ask for it', async () => {
    const metric = { name: 'some_total', help: 'Some.', type: 'counter', values: [{ labels: {}, value: 1 }] }
    const other = { ...metric, name: 'other' }
    const { types } = await merged([[metric, other]], 'application/openmetrics-text')
    expect([...types]).toEqual([
      ['some', 'counter'],
      ['other', 'unknown'],
    ])
  })

  it('adds up worker threads', async () => {
    const snapshots = await Promise.all(
      [3, 4].map(async (workerData) => {
        const [snapshot] = await once(new Worker(thread, { eval: true, workerData }), 'message')
        return snapshot as MetricSnapshot[]
      }),
    )
    const { samples } = await merged(snapshots)
    const count = samples.find(({ name }) => name === 'http_request_duration_seconds_count')
    expect(count?.value).toBe(7)
  }, 20_000)

  it('is not needed for a cluster, whose workers prom-client adds up', async () => {
    const primary = fork(program, { execArgv: ['--import', 'tsx'] })
    const [text] = await once(primary, 'message')
    const { samples } = parseExposition(text as string)
    expect(samples.find(({ name }) => name === 'http_request_duration_seconds_count')).toMatchObject({
      labels: { method: 'GET', route: '/', status_code: '200' },
      value: 20,
    })
    await once(primary, 'exit')
  }, 20_000)
})
