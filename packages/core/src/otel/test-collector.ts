import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** A span as OTLP carries it. */
export interface CollectedSpan {
  readonly service: string
  readonly resource: Readonly<Record<string, unknown>>
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
}

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly Omit<CollectedSpan, 'service' | 'resource'>[] }[]
  }[]
}

/** A collector of OTLP over HTTP in JSON, for the running test. */
export interface TestCollector {
  readonly endpoint: string
  readonly spans: readonly CollectedSpan[]
  readonly requests: readonly { readonly url: string | undefined; readonly headers: IncomingHttpHeaders }[]
}

/** Starts a collector that answers with `status`, or never with 0. */
export async function startCollector(status = 200): Promise<TestCollector> {
  const spans: CollectedSpan[] = []
  const requests: { url: string | undefined; headers: IncomingHttpHeaders }[] = []
  const server = createServer(async (request, response) => {
    requests.push({ url: request.url, headers: request.headers })
    spans.push(...spansOf((await json(request)) as Export))
    if (status !== 0) response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, requests }
}

function spansOf({ resourceSpans }: Export): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource: { attributes }, scopeSpans }) => {
    const resource = Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
    const service = String(resource['service.name'])
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service, resource })))
  })
}
