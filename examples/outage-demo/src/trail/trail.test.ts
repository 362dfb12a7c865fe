import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { holdfastArm } from '../arms/holdfast/holdfast-arm.js'
import { type RunningArm, startArm } from '../experiment/running-arm.js'
import { renderTrail } from '../report/render-trail.js'
import { findTrail } from './trail.js'

const hasPromtool = spawnSync('promtool', ['--version']).status === 0
const services = ['gateway', 'orders', 'payments'] as const
/** With this seed some are charged at once, some at the second attempt. */
const seed = 1
const checkouts = 8

let running: RunningArm

async function checkOut(key: number): Promise<void> {
  const response = await fetch(`${running.urls.gateway}/checkout`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': `call-${key}`,
      'x-correlation-id': `checkout-${key}`,
    },
    body: JSON.stringify({ item: 'tea', cents: 450 }),
  })
  await response.text()
  expect(response.headers.get('x-correlation-id')).toBe(`checkout-${key}`)
}

const requestLines = (correlationId: string) =>
  running.journal.lines.filter((line) => line.correlation_id === correlationId && line.msg === 'request')

beforeAll(async () => {
  running = await startArm(holdfastArm, seed)
  running.enter('errors')
  for (let key = 1; key <= checkouts; key++) await checkOut(key)
  // A line is written once the answer is out, which may be after the caller has it.
  const lastServices = () => requestLines(`checkout-${checkouts}`).map(({ service }) => service)
  await vi.waitFor(() => expect(lastServices()).toContain('gateway'))
  await running.journal.flush()
}, 30_000)

afterAll(() => running[Symbol.asyncDispose]())

describe('the services of the Holdfast side', () => {
  it.skipIf(!hasPromtool).each(services)(
    'show metrics that promtool accepts: %s [needs promtool]',
    async (name) => {
      const scrape = await (await fetch(`${running.urls[name]}/metrics`)).text()
      expect(scrape).toContain('http_request_duration_seconds_count{')
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
        input: scrape,
        encoding: 'utf8',
      })
      expect(stdout + stderr).toBe('')
      expect(status).toBe(0)
    },
  )

  it.each([
    ['gateway', ['client:orders:circuits', 'event-loop']],
    ['orders', ['client:payments:circuits']],
    ['payments', []],
  ] as const)('tell this machine the details of their health: %s', async (name, checks) => {
    const response = await fetch(`${running.urls[name]}/health`)
    expect(response.status).toBe(200)
    const document = (await response.json()) as { checks?: Record<string, unknown>; serviceId: string }
    expect(document).toMatchObject({ status: 'pass', serviceId: name })
    const names = Object.keys(document.checks ?? {}).join()
    for (const check of checks) expect(names).toContain(check)
  })

  it('log one correlation id for a request', () => {
    for (let key = 1; key <= checkouts; key++) {
      const lines = requestLines(`checkout-${key}`)
      expect(new Set(lines.map(({ service }) => service))).toEqual(new Set(services))
      expect(new Set(lines.map(({ trace_id }) => trace_id)).size).toBe(1)
      expect(lines.find(({ service }) => service === 'payments')?.route).toBe('/charges')
    }
  })
})

describe('the trail of a request', () => {
  it('leads through all spans of one that was retried, each below the one that caused it', () => {
    const trail = findTrail(running.journal, { fromMs: 0, toMs: Number.POSITIVE_INFINITY })
    const spans = trail?.steps.filter(({ kind }) => kind !== 'log') ?? []
    expect(spans.map(({ depth, service, text, result }) => [depth, service, text, result])).toEqual([
      [0, 'gateway', 'POST /checkout', '201'],
      [1, 'gateway', 'POST /orders', '201'],
      [2, 'orders', 'POST /orders', '201'],
      [3, 'orders', 'payments.charge', '2 attempts'],
      [4, 'orders', 'POST /charges', '503  (attempt 1)'],
      [5, 'payments', 'POST /charges', '503'],
      [4, 'orders', 'POST /charges', '201  (attempt 2)'],
      [5, 'payments', 'POST /charges', '201'],
    ])
    const logged =
      trail?.steps.filter(({ kind, text }) => kind === 'log' && text === 'log info: request') ?? []
    expect(logged.map(({ depth, service }) => [depth, service])).toEqual([
      [6, 'payments'],
      [6, 'payments'],
      [3, 'orders'],
      [1, 'gateway'],
    ])
    const retries = trail?.steps.filter(({ text }) => text === 'log warn: retry') ?? []
    expect(retries.map(({ depth, service }) => [depth, service])).toEqual([[4, 'orders']])
    const text = trail === undefined ? '' : renderTrail(trail)
    expect(text).toContain('although payments failed at first')
    expect(text).toContain(trail?.correlationId)
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100)
  })

  it('is none where nothing happened', () => {
    expect(findTrail(running.journal, { fromMs: 0, toMs: 1 })).toBeUndefined()
  })
})
