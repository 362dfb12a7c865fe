import { describe, expect, it } from 'vitest'
import { ConnectFailedError, HttpError } from '../../foundation/errors/index.js'
import { serializeError } from './serialize-error.js'

describe('serializeError', () => {
  it('has what a HoldfastError knows, and its causes', () => {
    const socket = Object.assign(new Error('connect ECONNREFUSED'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    })
    const error = new ConnectFailedError('cannot connect', 'refused', { cause: socket })
    error.dependency = 'orders'
    error.operation = 'getOrder'
    error.attempts = 3
    const logged = serializeError(new Error('no order', { cause: error }))
    expect(logged).toMatchObject({
      name: 'Error',
      message: 'no order',
      cause: {
        name: 'ConnectFailedError',
        code: 'CONNECT_FAILED',
        retryable: true,
        phase: 'connecting',
        dependency: 'orders',
        operation: 'getOrder',
        attempts: 3,
        elapsed_ms: 0,
        cause: { code: 'ECONNREFUSED', syscall: 'connect' },
      },
    })
    expect(logged.stack).toContain('serialize-error.test')
  })

  it('leaves bodies, headers and configurations out', () => {
    const error = new HttpError('404', {
      status: 404,
      headers: { 'set-cookie': 'hidden' },
      body: { card: 'hidden' },
      declared: true,
    })
    const foreign = Object.assign(new Error('axios'), { config: { headers: { authorization: 'hidden' } } })
    expect(JSON.stringify([serializeError(error), serializeError(foreign)])).not.toContain('hidden')
    expect(serializeError(error)).toMatchObject({ code: 'HTTP_STATUS', status: 404 })
  })

  it('redacts the URLs in messages and stacks', () => {
    const logged = serializeError(new Error('cannot reach http://u:p@db/?token=abc'))
    expect(JSON.stringify(logged)).not.toMatch(/u:p|abc/)
  })

  it('ends where errors go in circles, are deep, many, or cannot be read', () => {
    const circular: Error & { cause?: unknown } = new Error('a')
    circular.cause = new Error('b', { cause: circular })
    expect(serializeError(circular)).toMatchObject({ cause: { cause: { message: '[circular]' } } })
    let deep = new Error('0')
    for (let depth = 0; depth < 1_000; depth++) deep = new Error(String(depth), { cause: deep })
    expect(JSON.stringify(serializeError(deep)).length).toBeLessThan(100_000)
    const many = new AggregateError(
      Array.from({ length: 100 }, (_, index) => new Error(`${index}`)),
      'many',
    )
    expect(serializeError(many).errors).toHaveLength(8)
    const hostile = new Proxy(new Error('x'), {
      get() {
        throw new Error('no')
      },
    })
    expect(serializeError(hostile).message).toBe('[an error that cannot be read]')
  })

  it.each([
    ['text', 'string', 'text'],
    [undefined, 'undefined', 'undefined'],
    [{ token: 'hidden' }, 'Error', '[no message]'],
  ])('takes %s that was thrown', (thrown, name, message) => {
    expect(serializeError(thrown)).toEqual({ name, message })
  })
})
