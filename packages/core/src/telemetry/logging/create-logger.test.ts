import { describe, expect, it } from 'vitest'
import { adoptLogger } from './adopt-logger.js'
import { createLogger } from './create-logger.js'
import { headerSerializer } from './header-allow-list.js'
import { prettyLine } from './pretty-lines.js'

function memory() {
  const lines: string[] = []
  return {
    lines,
    write: (line: string) => lines.push(line),
    json: () => lines.map((line) => JSON.parse(line)),
  }
}

describe('createLogger', () => {
  it('writes JSON lines that name the service', () => {
    const destination = memory()
    const logger = createLogger({ name: 'orders', version: '1.4.0', environment: 'test', destination })
    logger.info({ order: 42 }, 'placed')
    logger.debug('not shown')
    expect(destination.json()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        service: 'orders',
        version: '1.4.0',
        environment: 'test',
        order: 42,
        msg: 'placed',
      },
    ])
  })

  it('keeps secrets out of the message that a line takes from its error', () => {
    const destination = memory()
    const logger = createLogger({ name: 'orders', destination })
    const error = new Error('lost redis://default:hidden@cache:6379/0')
    logger.error(error)
    logger.error({ err: error })
    logger.child({ order: 42 }).fatal(error)
    logger.error(error, 'gone for %s', 'good')
    logger.error({ err: error, order: 42 }, 'gone')
    expect(destination.lines.join()).not.toContain('hidden')
    const messages = destination.json().map(({ msg }) => msg)
    expect(messages.slice(0, 3)).toEqual(Array(3).fill('lost redis://[redacted]@cache:6379/0'))
    expect(messages.slice(3)).toEqual(['gone for good', 'gone'])
    expect(destination.json()).toMatchObject(Array(5).fill({ err: { name: 'Error' } }))
  })

  it('keeps secrets out of errors, headers, URLs, requests and responses', () => {
    const destination = memory()
    const logger = createLogger({ name: 'orders', destination, headers: ['X-Tenant'] })
    const headers = { authorization: 'hidden', cookie: 'hidden', 'X-Tenant': 'eu', accept: '*/*' }
    logger.info({
      headers,
      url: '/a?token=hidden',
      req: { method: 'GET', url: '/a?token=hidden', headers, body: 'hidden' },
      res: { statusCode: 200, getHeaders: () => ({ 'set-cookie': 'hidden', etag: '1' }) },
      err: Object.assign(new Error('x', { cause: new Error('y') }), { config: 'hidden' }),
    })
    expect(destination.lines.join()).not.toContain('hidden')
    expect(destination.json()[0]).toMatchObject({
      headers: { 'x-tenant': 'eu', accept: '*/*' },
      url: '/a?token=[redacted]',
      req: { method: 'GET', url: '/a?token=[redacted]', headers: { 'x-tenant': 'eu' } },
      res: { statusCode: 200, headers: { etag: '1' } },
      err: { message: 'x', cause: { message: 'y' } },
    })
  })

  it('is pretty on a terminal, and when it is told to be', () => {
    const terminal = { ...memory(), isTTY: true }
    createLogger({ name: 'orders', destination: terminal }).info({ a: 1 }, 'hello')
    expect(terminal.lines[0]).toContain('orders: hello')
    const told = memory()
    createLogger({ name: 'orders', destination: told, pretty: true }).info(
      { a: 1, text: 'two words' },
      'hello',
    )
    expect(told.lines[0]).toMatch(/^[\d:.]+ INFO {2}orders: hello a=1 text="two words"\n$/)
    const json = { ...memory(), isTTY: true }
    createLogger({ name: 'orders', destination: json, pretty: false }).info('hello')
    expect(json.json()[0]).toMatchObject({ msg: 'hello' })
  })

  it('names everything that is wrong with the options', () => {
    const options = { name: '', level: 'loud', pretty: 'yes', destination: {}, leve: 1 }
    expect(() => createLogger(options as never)).toThrow(
      /name: .*level: .*pretty: .*destination: |did you mean 'level'/s,
    )
    expect(() => createLogger(undefined as never)).toThrow('name of the service')
    expect(() => createLogger({ name: 'a', headers: ['Cookie'] })).toThrow('must not hold Cookie')
  })
})

describe('prettyLine', () => {
  it('shows errors with their causes and obeys no control characters', () => {
    const err = { name: 'Error', message: 'a', code: 'X', cause: { name: 'Error', message: 'b\u001b[31m' } }
    const line = prettyLine(
      JSON.stringify({ level: 'error', msg: 'fa\u001biled', path: '/\u001b[2J', err }),
      false,
    )
    expect(line).toBe(
      'ERROR fa\\u001biled path=/\\u001b[2J\n  [X] Error: a\n  caused by Error: b\\u001b[31m\n',
    )
  })

  it('hands on what is no JSON', () => {
    expect(prettyLine('plain\n', false)).toBe('plain\n')
    expect(prettyLine('4\n', true)).toBe('4\n')
  })
})

describe('headerSerializer', () => {
  it('takes a Headers, and nothing that is none', () => {
    const serialize = headerSerializer()
    expect(serialize(new Headers({ accept: 'a', cookie: 'b' }))).toEqual({ accept: 'a' })
    expect(serialize('cookie: b')).toBeUndefined()
  })
})

describe('adoptLogger', () => {
  it('names the service in every line, once', () => {
    const destination = memory()
    const own = createLogger({ name: 'shop', destination })
    adoptLogger(own, { name: 'orders', version: '1.0.0' }).info('a')
    expect(destination.json()[0]).toMatchObject({ service: 'shop', version: '1.0.0' })
  })

  it('refuses what is no logger', () => {
    expect(() => adoptLogger({ info: () => {} } as never, { name: 'orders' })).toThrow('debug, warn, error')
    expect(() => adoptLogger(null as never, { name: 'orders' })).toThrow('like pino')
  })

  it('makes do with a logger that fails to make a child', () => {
    const ignore = () => {}
    const child = () => {
      throw new Error('no')
    }
    const logger = {
      level: 'info',
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: ignore,
      fatal: ignore,
      child,
    }
    expect(adoptLogger(logger, { name: 'orders' })).toBe(logger)
  })
})
