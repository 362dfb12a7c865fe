import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ActiveContext, contextStorage, noTrace } from '../../telemetry/context/index.js'
import { type HealthDocument, healthResponse } from './health-document.js'
import { healthRegistry } from './health-registry.js'

const never = new Promise<never>(() => {})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function started() {
  const health = healthRegistry()
  health.markStarted()
  return health
}

describe('probes', () => {
  it('follow the life of the service', async () => {
    const health = healthRegistry()
    const statuses = async () => {
      const reports = [health.live(), health.ready(), health.startup(), health.aggregate()]
      return (await Promise.all(reports)).map(({ status }) => status).join(' ')
    }
    expect(await statuses()).toBe('pass fail fail fail')
    health.markStarted()
    expect(await statuses()).toBe('pass pass pass pass')
    health.markDraining()
    expect(await statuses()).toBe('pass fail pass fail')
    health.markStarted()
    expect((await health.ready()).output).toBe('the service is shutting down')
  })

  it('ask only the checks of their kind', async () => {
    const health = started()
    const database = vi.fn(() => false)
    health.add('database', database)
    expect((await health.live()).status).toBe('pass')
    expect(database).not.toHaveBeenCalled()
    expect((await health.ready()).status).toBe('fail')
    expect((await health.startup()).status).toBe('pass')
    health.add('loop', () => false, { kind: 'liveness' })
    expect((await health.live()).status).toBe('fail')
  })

  it('wait for the startup checks to pass once', async () => {
    const health = started()
    let warm = false
    health.add('cache', () => warm, { kind: 'startup', cacheMs: 0 })
    expect((await health.startup()).status).toBe('fail')
    expect((await health.ready()).status).toBe('fail')
    warm = true
    expect((await health.ready()).status).toBe('pass')
    warm = false
    expect((await health.startup()).status).toBe('pass')
    expect((await health.ready()).status).toBe('pass')
  })

  it('degrade, but pass, when a check fails that is not critical', async () => {
    const health = started()
    health.add('mail', () => Promise.reject(new Error('refused')), { critical: false })
    const report = await health.ready()
    expect(report.status).toBe('warn')
    expect(report.checks[0]).toMatchObject({ name: 'mail', status: 'warn', output: 'refused' })
    expect(healthResponse(report).status).toBe(200)
  })
})

describe('a check', () => {
  it.each<[string, () => unknown, string, string | undefined]>([
    ['gives nothing', () => undefined, 'pass', undefined],
    ['gives false', () => false, 'fail', 'gave false'],
    ['gives a result', () => ({ status: 'warn', output: 'slow' }), 'warn', 'slow'],
    ['gives an object of its own', () => ({ status: 'ready' }), 'pass', undefined],
    ['rejects', () => Promise.reject(new Error('down')), 'fail', 'down'],
    ['rejects with anything', () => Promise.reject(undefined), 'fail', 'undefined'],
    [
      'throws at once',
      () => {
        throw new Error('a bug\n  with lines')
      },
      'fail',
      'a bug with lines',
    ],
    [
      'fails with credentials',
      () => Promise.reject(new Error('postgres://me:hunter2@db:5432 refused')),
      'fail',
      'postgres://[redacted]@db:5432 refused',
    ],
    [
      'fails with a token in a URL',
      () => Promise.reject(new Error('GET https://api.example/v1?access_token=hunter2&page=2 gave 503')),
      'fail',
      'GET https://api.example/v1?access_token=[redacted]&page=2 gave 503',
    ],
    [
      'gives a result with a token in a URL',
      () => ({ status: 'fail', output: 'https://api.example/?sig=hunter2' }),
      'fail',
      'https://api.example/?sig=[redacted]',
    ],
    [
      'fails at all addresses of a host',
      () => Promise.reject(Object.assign(new AggregateError([], 'x'), { message: '', code: 'ECONNREFUSED' })),
      'fail',
      'ECONNREFUSED',
    ],
  ])('that %s', async (_, check, status, output) => {
    const health = started()
    health.add('it', check)
    expect((await health.ready()).checks[0]).toMatchObject({ status, output })
  })

  it('that never settles is down after its time, and hears of it', async () => {
    const health = started()
    let signal: AbortSignal | undefined
    health.add(
      'database',
      (context) => {
        signal = context.signal
        return never
      },
      { timeoutMs: 500 },
    )
    const report = health.ready()
    await vi.advanceTimersByTimeAsync(499)
    expect(signal?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await report).toMatchObject({
      status: 'fail',
      checks: [{ output: 'did not answer within 500 ms', observedValue: 500, observedUnit: 'ms' }],
    })
    expect(signal?.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
    expect((await health.live()).status).toBe('pass')
  })

  it('is run once for probes at the same time, and again when its result is old', async () => {
    const health = started()
    const check = vi.fn(async () => {})
    health.add('database', check, { cacheMs: 100 })
    await Promise.all([health.ready(), health.ready(), health.aggregate()])
    await vi.advanceTimersByTimeAsync(99)
    await health.ready()
    expect(check).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    await health.ready()
    expect(check).toHaveBeenCalledTimes(2)
  })

  it('that has become slow answers a probe in time, with its result before', async () => {
    const health = started()
    let answer: Promise<unknown> = Promise.resolve()
    health.add('database', () => answer, { cacheMs: 0, timeoutMs: 1_000 })
    expect((await health.ready()).status).toBe('pass')
    answer = never
    const during = health.ready()
    await vi.advanceTimersByTimeAsync(800)
    expect((await during).status).toBe('pass')
    const after = health.ready()
    await vi.advanceTimersByTimeAsync(200)
    expect((await after).status).toBe('fail')
    answer = Promise.resolve()
    await vi.advanceTimersByTimeAsync(1)
    expect((await health.ready()).status).toBe('pass')
  })

  it('that never settles is not started without end', async () => {
    const health = started()
    const check = vi.fn(() => never)
    health.add('disk', check, { cacheMs: 0, timeoutMs: 100 })
    for (let index = 0; index < 10; index++) {
      const report = health.ready()
      await vi.advanceTimersByTimeAsync(150)
      await report
    }
    expect(check).toHaveBeenCalledTimes(2)
    expect(health.last()[0]?.output).toBe('2 earlier runs have not ended')
    await vi.advanceTimersByTimeAsync(30_000)
    void health.ready()
    expect(check).toHaveBeenCalledTimes(3)
    await vi.advanceTimersByTimeAsync(1_000)
  })

  it('changes sides after so many runs in a row, the first at once', async () => {
    const health = started()
    let up = true
    health.add('database', () => up, { cacheMs: 0, failuresBeforeDown: 3, successesBeforeUp: 2 })
    const statuses: string[] = []
    for (const next of [true, false, false, true, false, false, false, true, false, true, true]) {
      up = next
      statuses.push((await health.ready()).status)
    }
    expect(statuses.join(' ')).toBe('pass warn warn pass warn warn fail fail fail fail pass')
    const other = started()
    other.add('database', () => false, { failuresBeforeDown: 3 })
    expect((await other.ready()).status).toBe('fail')
  })

  it('knows nothing of the request that asked', async () => {
    const health = started()
    let seen: unknown = 'not run'
    health.add('database', () => {
      seen = contextStorage.getStore()
    })
    const loggerOf = () => {
      throw new Error('unused')
    }
    const context = new ActiveContext({
      correlationId: 'probe-0001',
      trace: noTrace,
      priority: 'default',
      timeoutMs: undefined,
      loggerOf,
    })
    await contextStorage.run(context, () => health.ready())
    expect(seen).toBeUndefined()
  })
})

describe('onChange', () => {
  it('hears of changes only, and may throw', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const changes: string[] = []
    const health = healthRegistry({
      onChange: ({ previous, report }) => {
        changes.push(`${report.name} ${previous} ${report.status}`)
        throw new Error('listener')
      },
    })
    let up = true
    health.add('database', () => up, { cacheMs: 0 })
    for (const next of [true, true, false, false, true]) {
      up = next
      await health.aggregate()
    }
    expect(changes).toEqual(['database pass fail', 'database fail pass'])
    expect(warned).toHaveBeenCalledTimes(2)
  })
})

describe('add()', () => {
  it('refuses a name twice', () => {
    const health = healthRegistry()
    health.add('database', () => true)
    expect(() => health.add('database', () => true)).toThrow(
      "health.add('database'): name: is taken by another check; choose another one",
    )
  })

  it.each([
    ['', () => true, {}, 'name'],
    ['a', undefined, {}, 'check: must be a function'],
    ['a', () => true, { kind: 'live' }, 'kind'],
    ['a', () => true, { timeoutMs: 0 }, 'timeoutMs'],
    ['a', () => true, { cacheMs: -1 }, 'cacheMs'],
    ['a', () => true, { critical: 'no' }, 'critical'],
    ['a', () => true, { failuresBeforeDown: 0 }, 'failuresBeforeDown'],
    ['a', () => true, { timeout: 5 }, "did you mean 'timeoutMs'?"],
    [
      'a',
      Object.assign(() => true, { asksDependency: true }),
      { kind: 'liveness' },
      'a restart mends no dependency',
    ],
  ])('refuses %o %o %o', (name, check, options, message) => {
    expect(() => healthRegistry().add(name, check as never, options as never)).toThrow(message)
  })
})

describe('healthResponse', () => {
  it('tells everybody the status, and the rest to who may see it', async () => {
    vi.setSystemTime('2026-01-02T03:04:05Z')
    const health = started()
    health.add('database', () => Promise.reject(new Error('refused')), { componentType: 'datastore' })
    health.add('__proto__', () => ({
      status: 'pass',
      observedValue: 3,
      observedUnit: 'jobs',
      measurement: 'queue',
    }))
    const report = await health.aggregate()
    expect(healthResponse(report)).toEqual({
      status: 503,
      headers: { 'content-type': 'application/health+json; charset=utf-8', 'cache-control': 'no-store' },
      body: '{"status":"fail"}',
    })
    const response = healthResponse(report, { details: true, version: '1.4.0', serviceId: 'orders' })
    const time = '2026-01-02T03:04:05.000Z'
    expect(JSON.parse(response.body) as HealthDocument).toEqual({
      status: 'fail',
      version: '1.4.0',
      serviceId: 'orders',
      checks: {
        'database:responseTime': [
          {
            componentType: 'datastore',
            status: 'fail',
            observedValue: 0,
            observedUnit: 'ms',
            time,
            output: 'refused',
          },
        ],
        '__proto__:queue': [
          { componentType: 'component', status: 'pass', observedValue: 3, observedUnit: 'jobs', time },
        ],
      },
    })
  })
})
