import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { startTestSdk } from '../../../test/fixtures/spans.js'
import { noTrace } from '../context/index.js'
import { OperationTracing, type SpanName, spanAttributes, startServerSpan } from './index.js'

const page = readFileSync(new URL('../../../../../docs/tracing.md', import.meta.url), 'utf8')

/** The rows of the table below `<!-- span attributes -->`. */
function documented(): readonly (readonly string[])[] {
  const [, table = ''] = /<!-- span attributes -->\n((?:\|.*\n)+)/.exec(page) ?? []
  const rows = table.trimEnd().split('\n').slice(2)
  return rows.map((row) => row.slice(2, -2).split(' | '))
}

const names: Readonly<Record<string, SpanName>> = {
  SERVER: 'server',
  CLIENT: 'attempt',
  INTERNAL: 'operation',
}

/** What spans of every kind carry, failures and unknown methods included. */
function emitted(): ReadonlySet<string> {
  const sdk = startTestSdk()
  const common = { dependency: 'orders', operation: 'getOrder', origin: 'http://orders:3000' }
  for (const method of ['GET', 'BREW']) {
    const tracing = new OperationTracing({ ...common, method, template: '/orders/{id}' })
    const call = tracing.startCall(performance.now())
    call?.startAttempt('http://orders:3000/orders/1').end(503)
    call?.startAttempt('http://orders:3000/orders/1').end(0, new Error('broken'))
    call?.end(true, new Error('broken'))
    const balanced = new OperationTracing({ ...common, origin: undefined, method, template: undefined })
    const spread = balanced.startCall(performance.now())
    spread?.startAttempt('http://10.0.0.1:3000/orders/1').end(200)
    spread?.end(false)
    const headers = { host: 'shop', 'user-agent': 'curl/8' }
    const span = startServerSpan({ method, url: '/orders/1?page=2', httpVersion: '1.1', headers }, noTrace)
    span?.end({ status: 500, route: '/orders/{id}' })
    startServerSpan({ method, url: '/', httpVersion: '1.1', headers }, noTrace)?.end({
      status: 503,
      refusal: 'shed',
    })
  }
  const pairs = sdk
    .facts()
    .flatMap(({ kind, attributes }) => Object.keys(attributes).map((key) => `${names[kind ?? '']} ${key}`))
  return new Set(pairs)
}

describe('the attributes of spans', () => {
  it('are those that are listed, on the spans that are listed', () => {
    const listed = Object.entries(spanAttributes).flatMap(([key, { on }]) =>
      on.map((name) => `${name} ${key}`),
    )
    expect([...emitted()].sort()).toEqual(listed.sort())
  })

  it('are documented', () => {
    const rows = Object.entries(spanAttributes).map(([key, { on, meaning }]) => [
      `\`${key}\``,
      on.join(', '),
      meaning,
    ])
    expect(documented()).toEqual(rows)
  })
})
