import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { Logger } from '../context/index.js'
import { createLogger } from './create-logger.js'
import { type LoggedRequest, RequestLog } from './request-log.js'

const request: LoggedRequest = {
  correlationId: 'correlation-1',
  method: 'GET',
  route: '/orders/:id',
  path: '/orders/42?token=abc',
  status: 200,
  durationMs: 12.3456,
  aborted: false,
}

function memory(level: 'info' | 'warn' = 'info') {
  const lines: string[] = []
  const logger = createLogger({ name: 'orders', level, destination: { write: (line) => lines.push(line) } })
  return { logger, last: () => JSON.parse(lines.at(-1) ?? 'null'), lines }
}

const stub = (info: () => unknown): Logger => {
  const logger = {
    level: 'info',
    debug: info,
    info,
    warn: info,
    error: info,
    fatal: info,
    child: () => logger,
  }
  return logger as Logger
}

describe('RequestLog', () => {
  it('writes one line', () => {
    const { logger, last, lines } = memory()
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
    new RequestLog(logger).write({ ...request, trace, aborted: true, remoteAddress: '::1' })
    expect(lines).toHaveLength(1)
    expect(last()).toEqual({
      level: 'info',
      time: expect.any(String),
      service: 'orders',
      correlation_id: 'correlation-1',
      trace_id: trace.traceId,
      span_id: trace.spanId,
      method: 'GET',
      route: '/orders/:id',
      path: '/orders/42?token=[redacted]',
      status: 200,
      duration_ms: 12.35,
      aborted: true,
      remote_address: '::1',
      msg: 'request',
    })
  })

  it('writes the same through pino as by itself, whatever the fields hold', () => {
    const own = memory()
    const throughPino = memory()
    const text = fc.string({ unit: 'binary' })
    const entry: fc.Arbitrary<LoggedRequest> = fc.record({
      correlationId: text,
      method: text,
      route: fc.option(text, { nil: undefined }),
      path: text,
      status: fc.integer({ min: 100, max: 999 }),
      durationMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
      aborted: fc.boolean(),
      remoteAddress: fc.option(text, { nil: undefined }),
    })
    fc.assert(
      fc.property(entry, (each) => {
        new RequestLog(own.logger).write(each)
        new RequestLog(throughPino.logger.child({})).write(each)
        expect({ ...own.last(), time: '' }).toEqual({ ...throughPino.last(), time: '' })
        expect(own.lines.at(-1)?.match(/\n/g)).toHaveLength(1)
      }),
    )
  })

  it('has the error of an answer of 500 and above only', () => {
    const { logger, last } = memory()
    const log = new RequestLog(logger)
    const error = new Error('no database', { cause: new Error('refused') })
    log.write({ ...request, status: 503, error })
    expect(last()).toMatchObject({
      status: 503,
      err: { message: 'no database', cause: { message: 'refused' } },
    })
    log.write({ ...request, status: 404, error })
    expect(last()).not.toHaveProperty('err')
  })

  it('cuts a path that is too long', () => {
    const { logger, last } = memory()
    new RequestLog(logger).write({ ...request, path: `/${'a'.repeat(20_000)}` })
    expect(last().path.length).toBeLessThan(2_100)
  })

  it('writes nothing below the level, which may change', () => {
    const { logger, lines } = memory('warn')
    const log = new RequestLog(logger)
    log.write(request)
    expect(lines).toHaveLength(0)
    logger.level = 'info'
    log.write(request)
    expect(lines).toHaveLength(1)
  })

  it.each([
    ['throws', () => expect.fail('thrown by the logger')],
    ['rejects', () => Promise.reject(new Error('rejected by the logger'))],
    ['never answers', () => new Promise(() => {})],
  ])('does not mind a logger that %s', async (_, info) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    new RequestLog(stub(info)).write(request)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})
