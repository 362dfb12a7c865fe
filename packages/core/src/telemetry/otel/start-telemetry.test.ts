import { hostname } from 'node:os'
import type { SpanExporter } from '@opentelemetry/sdk-trace-node'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { startCollector } from '../../../test/fixtures/collector.js'
import { startTelemetry, type TelemetryOptions } from '../../otel.js'
import { noTrace } from '../context/index.js'
import { OperationTracing, startServerSpan, withSpan } from '../tracing/index.js'
import { loadSdk } from './load-sdk.js'

afterEach(() => {
  vi.unstubAllEnvs()
})

async function start(options: TelemetryOptions) {
  const telemetry = await startTelemetry(options)
  onTestFinished(async () => {
    await telemetry.shutdown()
  })
  return telemetry
}

function exporterOf(exportSpans: SpanExporter['export']): SpanExporter {
  return { export: exportSpans, shutdown: () => Promise.resolve() }
}

/** One request into a service and one attempt out of it. */
function exchange() {
  const tracing = new OperationTracing({
    dependency: 'stock',
    operation: 'getItem',
    method: 'GET',
    template: '/items/{id}',
    origin: 'http://stock',
  })
  const server = startServerSpan({ method: 'GET', url: '/orders/1', headers: {} }, noTrace)
  server?.run(() => {
    const call = tracing.startCall(performance.now())
    const attempt = call?.startAttempt('http://stock/items/1')
    attempt?.end(200)
    call?.end(false)
  })
  server?.end({ status: 200, route: '/orders/{id}' })
}

describe('startTelemetry', () => {
  it('exports spans with their parents and the resource to a collector', async () => {
    const collector = await startCollector()
    exchange() // before the SDK: not traced, and no harm done
    const telemetry = await start({
      serviceName: 'orders',
      serviceVersion: '1.4.0',
      endpoint: `${collector.endpoint}/`,
      headers: { authorization: 'Bearer t0ken' },
      attributes: { 'team.name': 'checkout' },
    })
    exchange()
    expect(await telemetry.forceFlush()).toBe(true)
    const [client, server] = collector.spans
    expect(collector.spans).toHaveLength(2)
    expect(client).toMatchObject({ name: 'GET /items/{id}', kind: 3, parentSpanId: server?.spanId })
    expect(server).toMatchObject({ name: 'GET /orders/{id}', kind: 2, traceId: client?.traceId })
    expect(server?.resource).toMatchObject({
      'service.name': 'orders',
      'service.version': '1.4.0',
      'host.name': hostname(),
      'process.pid': process.pid,
      'team.name': 'checkout',
      'telemetry.sdk.language': 'nodejs',
    })
    expect(server?.resource).not.toHaveProperty('process.command_args')
    expect(collector.requests).toMatchObject([
      { url: '/v1/traces', headers: { authorization: 'Bearer t0ken', 'content-type': 'application/json' } },
    ])
  })

  it('takes what is not given from the environment', async () => {
    const collector = await startCollector()
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.endpoint)
    vi.stubEnv('OTEL_SERVICE_NAME', 'from-environment')
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=staging')
    const telemetry = await start({ service: { name: 'orders', onShutdown: () => {} } })
    exchange()
    await telemetry.forceFlush()
    expect(collector.spans[0]?.resource).toMatchObject({
      'service.name': 'from-environment',
      'deployment.environment.name': 'staging',
    })
  })

  it('samples a share of the traces that nobody has decided on', async () => {
    const collector = await startCollector()
    const telemetry = await start({ serviceName: 'orders', endpoint: collector.endpoint, ratio: 0 })
    exchange()
    const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
    startServerSpan({ headers: {} }, { ...noTrace, ...trace })?.end({ status: 200 })
    await telemetry.forceFlush()
    expect(collector.spans).toMatchObject([{ traceId: 'a'.repeat(32), parentSpanId: 'b'.repeat(16) }])
  })

  it.each(['OTEL_SDK_DISABLED=true', 'OTEL_TRACES_EXPORTER=none'])(
    'does nothing with %s',
    async (variable) => {
      const [name = '', value] = variable.split('=')
      vi.stubEnv(name, value)
      const telemetry = await start({ serviceName: 'orders' })
      expect(startServerSpan({ headers: {} }, noTrace)).toBeUndefined()
      expect(await telemetry.forceFlush()).toBe(true)
    },
  )

  it('refuses wrong options, all at once', async () => {
    const wrong = { serviceName: '', endpoint: 'collector:4318', ratio: 2, sampler: {}, atributes: {} }
    const failure = startTelemetry(wrong as never)
    await expect(failure).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    const { problems } = (await failure.catch((error) => error)) as { problems: { path: string }[] }
    expect(problems.map(({ path }) => path)).toEqual([
      'atributes',
      'serviceName',
      'endpoint',
      'ratio',
      'ratio',
    ])
    const exporter = exporterOf(() => {})
    await expect(startTelemetry({ exporter, endpoint: 'http://x' })).rejects.toThrow('exclude each other')
    await expect(startTelemetry({ service: {} as never })).rejects.toThrow('service.onShutdown')
  })

  it('refuses to start twice, and starts again after a shutdown', async () => {
    const exporter = exporterOf((_, done) => done({ code: 0 }))
    const telemetry = await start({ exporter })
    await expect(startTelemetry({ exporter })).rejects.toThrow('started already')
    await telemetry.shutdown()
    expect(startServerSpan({ headers: {} }, noTrace)).toBeUndefined()
    await start({ exporter })
    expect(startServerSpan({ headers: {} }, noTrace)).toBeDefined()
  })
})

describe('packages of the SDK', () => {
  it('that are missing are named, with the command that installs them', async () => {
    const load = async (name: string) => {
      if (name.endsWith('sdk-trace-node')) return {}
      throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' })
    }
    await expect(loadSdk(true, load)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(loadSdk(true, load)).rejects.toThrow(
      'npm install @opentelemetry/resources @opentelemetry/exporter-trace-otlp-http',
    )
    await expect(loadSdk(false, load)).rejects.toThrow(/npm install @opentelemetry\/resources$/m)
  })

  it('that are broken say how themselves', async () => {
    const broken = async () => {
      throw new SyntaxError('broken')
    }
    await expect(loadSdk(true, broken)).rejects.toThrow(SyntaxError)
  })
})

describe('an exporter', () => {
  const throwing = exporterOf(() => {
    throw new Error('exporter broke')
  })
  const failing = exporterOf((_, done) => done({ code: 1, error: new Error('refused') }))

  it.each([
    ['throws', throwing, 'exporter broke'],
    ['fails', failing, 'refused'],
  ])('that %s is told about once, and harms nobody', async (_, exporter, message) => {
    const warn = vi.fn()
    const service = { name: 'orders', logger: { warn }, onShutdown: () => {} }
    const telemetry = await start({ exporter, service })
    for (let round = 0; round < 3; round++) {
      expect(withSpan('work', () => 7)).toBe(7)
      expect(await telemetry.forceFlush()).toBe(false)
    }
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0]).toMatchObject([{ err: { message } }, 'spans could not be exported'])
  })

  it('that fails with a logger that throws harms nobody either', async () => {
    const warn = () => {
      throw new Error('logger broke')
    }
    const telemetry = await start({
      exporter: throwing,
      service: { name: 'x', logger: { warn }, onShutdown: () => {} },
    })
    expect(withSpan('work', () => 7)).toBe(7)
    expect(await telemetry.forceFlush()).toBe(false)
  })

  it('that hangs does not hold up the shutdown', async () => {
    const telemetry = await start({ exporter: exporterOf(() => {}), flushTimeoutMs: 50 })
    withSpan('work', () => {})
    expect(await telemetry.forceFlush()).toBe(false)
    expect(await telemetry.shutdown()).toBe(false)
  })

  it('whose collector never answers does not hold up the shutdown', async () => {
    const { endpoint } = await startCollector(0)
    const telemetry = await start({ serviceName: 'orders', endpoint, flushTimeoutMs: 50 })
    withSpan('work', () => {})
    expect(await telemetry.shutdown()).toBe(false)
  })
})

describe('a service', () => {
  it('flushes and ends the telemetry when it shuts down, after its hooks where it can', async () => {
    const exported = vi.fn<SpanExporter['export']>((_, done) => done({ code: 0 }))
    const hooks = new Map<string, () => unknown>()
    const service = {
      name: 'orders',
      version: '2.0.0',
      environment: 'staging',
      onShutdown: () => expect.unreachable(),
      onFlush: (name: string, hook: () => unknown) => hooks.set(name, hook),
    }
    await start({ service, exporter: exporterOf(exported) })
    withSpan('last work', () => {})
    expect(exported).not.toHaveBeenCalled()
    expect(await hooks.get('telemetry')?.()).toBe(true)
    const [span] = exported.mock.calls[0]?.[0] ?? []
    expect(span?.name).toBe('last work')
    expect(span?.resource.attributes).toMatchObject({
      'service.name': 'orders',
      'service.version': '2.0.0',
      'deployment.environment.name': 'staging',
    })
  })
})
