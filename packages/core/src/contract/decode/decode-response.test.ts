import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { foreignPromise } from '../../../test/fixtures/foreign-promise.js'
import {
  HttpError,
  InvalidResponseError,
  type Problem,
  type ResponseHeaders,
} from '../../foundation/errors/index.js'
import type { HttpResponse } from '../../http/message/index.js'
import { compileOperation } from '../compile-operation.js'
import type { ValidateMode } from '../describe/compiled-operation.js'
import type { Operation } from '../describe/operation.js'

type Declared = Omit<Operation, 'method' | 'path'> & { readonly method?: Operation['method'] }

const jsonType = { 'content-type': 'application/json; charset=utf-8' }

function response(
  status: number,
  body?: string | Buffer | Readable,
  headers: ResponseHeaders = jsonType,
): HttpResponse {
  return { status, headers, body: typeof body === 'string' ? Buffer.from(body) : body }
}

function compile(declared: Declared) {
  return compileOperation('shop', 'op', { method: 'GET', path: '/', ...declared })
}

function decode(declared: Declared, received: HttpResponse, validate: ValidateMode = 'enforce'): unknown {
  return compile(declared).decode(received, validate)
}

function failure<Kind>(
  kind: abstract new (...args: never) => Kind,
  declared: Declared,
  received: HttpResponse,
  validate: ValidateMode = 'enforce',
): Kind {
  try {
    decode(declared, received, validate)
  } catch (error) {
    expect(error).toBeInstanceOf(kind)
    return error as Kind
  }
  throw new Error('was not refused')
}

const Order = z.object({ id: z.string(), at: z.string().transform((text) => text.length) })

describe('a success', () => {
  it('is parsed once and its transforms are applied, without a promise', () => {
    const received = response(200, '{"id":"1","at":"2026","extra":1}')
    expect(decode({ output: Order }, received)).toEqual({ id: '1', at: 4 })
    expect(decode({ output: Order }, response(201, '\ufeff{"id":"1","at":"2026"}'))).toEqual({
      id: '1',
      at: 4,
    })
  })

  it('is chosen by status where output is a map', () => {
    const output = { 200: z.string(), 202: z.object({ job: z.number() }), '2XX': z.null() }
    expect(decode({ output }, response(200, '"x"'))).toBe('x')
    expect(decode({ output }, response(202, '{"job":1}'))).toEqual({ job: 1 })
    expect(decode({ output }, response(299, 'null'))).toBeNull()
    const error = failure(
      InvalidResponseError,
      { output: { 200: z.string(), 202: z.string() } },
      response(201, '"x"'),
    )
    expect(error.problems).toEqual([{ path: 'status', message: '201 is not declared: output has 200, 202' }])
  })

  it.each([
    'application/json',
    'application/problem+json',
    'text/json',
    'Application/JSON',
    'text/plain',
    'application/octet-stream',
    undefined,
  ])('may be JSON of type %s', (type) => {
    const headers = type === undefined ? {} : { 'content-type': type }
    expect(decode({ output: z.array(z.number()) }, response(200, '[1]', headers))).toEqual([1])
  })

  it.each(['text/html', 'text/html; charset=utf-8', 'application/xml', 'image/png', 'application/jsonx'])(
    'is never JSON of type %s',
    (type) => {
      const page = `<html>\n\n<body>${'x'.repeat(5000)}`
      const error = failure(
        InvalidResponseError,
        { output: z.any() },
        response(200, page, { 'content-type': type }),
      )
      expect(error).toMatchObject({
        code: 'INVALID_RESPONSE',
        status: 200,
        phase: 'decoding',
        retryable: false,
      })
      expect(error.snippet).toMatch(/^<html> <body>x+…$/)
      expect(error.snippet).toHaveLength(200)
      expect(error.message).toContain(type)
      expect(error.message.length).toBeLessThan(300)
    },
  )

  it.each(['{"id":', 'OK', ' '])('that is not JSON is refused: %j', (body) => {
    for (const validate of ['enforce', 'warn', 'off'] as const) {
      const error = failure(InvalidResponseError, { output: z.any() }, response(200, body), validate)
      expect(error.problems).toMatchObject([{ path: 'body' }])
      expect(error.cause).toBeInstanceOf(SyntaxError)
    }
  })

  it('that does not match its schema is refused, naming the fields', () => {
    const error = failure(InvalidResponseError, { output: Order }, response(200, '{"id":1}'))
    expect(error.problems.map(({ path }) => path)).toEqual(['id', 'at'])
    expect(error.snippet).toBe('{"id":1}')
  })

  it('that does not match is given as it came, with a warning or without', () => {
    const warned: Problem[] = []
    const warn = (problems: readonly Problem[]) => warned.push(...problems)
    const received = response(200, '{"id":1}')
    expect(compile({ output: Order }).decode(received, 'warn', warn)).toEqual({ id: 1 })
    expect(warned.map(({ path }) => path)).toEqual(['id', 'at'])
    expect(compile({ output: Order }).decode(received, 'off', warn)).toEqual({ id: 1 })
    const html = response(200, '[1]', { 'content-type': 'text/html' })
    expect(compile({ output: z.any() }).decode(html, 'warn', warn)).toEqual([1])
    expect(warned.map(({ path }) => path)).toEqual(['id', 'at', 'content-type'])
  })

  it('without a body is undefined where that is allowed, else refused', () => {
    for (const received of [response(204), response(205), response(200, '')]) {
      expect(decode({ output: z.void() }, received)).toBeUndefined()
      expect(decode({ output: Order.optional() }, received)).toBeUndefined()
      expect(decode({}, received)).toBeUndefined()
      expect(decode({ output: Order }, received, 'off')).toBeUndefined()
      const error = failure(InvalidResponseError, { output: Order }, received)
      expect(error.message).toContain('is empty')
    }
    expect(decode({ output: { 200: Order, 204: z.undefined() } }, response(204))).toBeUndefined()
    expect(decode({ response: 'json' }, response(204))).toBeUndefined()
    expect(failure(InvalidResponseError, { response: 'json' }, response(200, '')).message).toContain(
      'is empty',
    )
  })

  it('of an operation that declares nothing is JSON or text, as it says itself', () => {
    expect(decode({}, response(200, '{"a":1}'))).toEqual({ a: 1 })
    expect(decode({}, response(200, 'OK', { 'content-type': 'text/plain' }))).toBe('OK')
    expect(decode({}, response(200, 'OK', {}))).toBe('OK')
  })

  it('is text, in its own character set', () => {
    const text = (type: string, body: Buffer) =>
      decode({ response: 'text' }, response(200, body, { 'content-type': type }))
    expect(text('text/plain', Buffer.from('é'))).toBe('é')
    expect(text('text/plain; charset=UTF-8', Buffer.from('\ufeffé'))).toBe('é')
    expect(text('text/plain; charset="ISO-8859-1"', Buffer.from([0xe9]))).toBe('é')
    expect(text('text/plain; charset=made-up', Buffer.from('é'))).toBe('é')
    expect(decode({ response: 'text' }, response(204))).toBe('')
    expect(decode({ response: 'text', output: z.string().transform(Number) }, response(200, '7'))).toBe(7)
  })

  it('is bytes', () => {
    expect(decode({ response: 'bytes' }, response(200, Buffer.from([0, 255])))).toEqual(Buffer.from([0, 255]))
    expect(decode({ response: 'bytes' }, response(204))).toEqual(Buffer.alloc(0))
  })

  it('is nothing', () => {
    expect(decode({ response: 'none' }, response(200, 'ignored'))).toBeUndefined()
    expect(decode({ method: 'HEAD' }, response(200))).toBeUndefined()
    const stream = Readable.from(['x'])
    expect(decode({ response: 'none' }, response(200, stream))).toBeUndefined()
    expect(stream.destroyed).toBe(true)
  })

  it('is a stream', async () => {
    const stream = Readable.from(['x'])
    expect(decode({ response: 'stream' }, response(200, stream))).toBe(stream)
    const collected = decode({ response: 'stream' }, response(200, 'x')) as Readable
    expect(String(Buffer.concat(await collected.toArray()))).toBe('x')
    expect(await (decode({ response: 'stream' }, response(204)) as Readable).toArray()).toEqual([])
  })

  it('is collected where a stream came instead of a body', async () => {
    expect(
      await decode({ output: z.array(z.number()) }, response(200, Readable.from(['[1', ',2]']))),
    ).toEqual([1, 2])
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1 << 20)
      })(),
    )
    await expect(decode({ output: z.any() }, response(200, endless))).rejects.toMatchObject({
      code: 'RESPONSE_TOO_LARGE',
    })
    expect(endless.destroyed).toBe(true)
  })

  it('may have a schema whose promises are of another maker', async () => {
    const schema = z.number().refine(async (value) => value > 1)
    const validate = (value: unknown) => foreignPromise(Promise.resolve(schema['~standard'].validate(value)))
    const output = { '~standard': { version: 1, vendor: 'own', validate } } as never
    await expect(decode({ output }, response(200, '2'))).resolves.toBe(2)
    await expect(decode({ output }, response(200, '1'))).rejects.toMatchObject({ code: 'INVALID_RESPONSE' })
  })

  it('may have an asynchronous schema', async () => {
    const output = z.number().refine(async (value) => value > 1)
    await expect(decode({ output }, response(200, '2'))).resolves.toBe(2)
    await expect(decode({ output }, response(200, '1'))).rejects.toMatchObject({ code: 'INVALID_RESPONSE' })
  })

  it('never carries a __proto__', () => {
    const value = decode({ output: z.any() }, response(200, '{"__proto__":{"polluted":1},"a":1}'))
    expect(Object.keys(value as object)).toEqual(['a'])
    expect(Object.assign({}, value)).not.toHaveProperty('polluted')
  })
})

describe('an error', () => {
  const NotFound = z.object({ reason: z.string() })
  const errors = {
    404: NotFound,
    '4XX': z.object({ client: z.number() }),
    default: z.object({ any: z.boolean() }),
  }

  it.each([
    [404, { reason: 'gone' }],
    [409, { client: 1 }],
    [500, { any: true }],
    [304, { any: true }],
  ])('of the declared status %d has a typed body', (status, body) => {
    const error = failure(HttpError, { errors }, response(status, JSON.stringify(body)))
    expect(error).toMatchObject({ code: 'HTTP_STATUS', status, body, declared: true })
    expect(error).toMatchObject({
      dependency: 'shop',
      operation: 'op',
      message: `shop.op was answered with ${status}`,
    })
  })

  it('has its transforms applied, and may be text', () => {
    const text = { 'content-type': 'text/plain' }
    const declared = { errors: { 404: z.string().transform((body) => body.length) } }
    expect(failure(HttpError, declared, response(404, 'gone', text)).body).toBe(4)
    expect(failure(HttpError, { errors: { 404: z.string() } }, response(404, '42', text)).body).toBe('42')
    expect(failure(HttpError, { errors }, response(404, '{"reason":"r"}', text)).body).toEqual({
      reason: 'r',
    })
    expect(failure(HttpError, { errors: { 404: z.undefined() } }, response(404))).toMatchObject({
      declared: true,
    })
  })

  it('of another status has its body as text, and only a snippet of it in the message', () => {
    const body = `{"secret":"${'x'.repeat(1000)}"}`
    const error = failure(HttpError, {}, response(500, body))
    expect(error).toMatchObject({ status: 500, body, declared: false })
    expect(error.message.length).toBeLessThan(260)
    expect(failure(HttpError, {}, response(502)).body).toBe('')
    expect(failure(HttpError, {}, response(503, 'a\r\nb\0c')).message).toBe(
      'shop.op was answered with 503: a b c',
    )
  })

  it.each(['<html>', '{"reason":1}', '{', ''])(
    'keeps its status where the body is not as declared: %j',
    (body) => {
      const error = failure(HttpError, { errors }, response(404, body))
      expect(error).toMatchObject({ status: 404, body, declared: false })
    },
  )

  it('is given as it came where that is only to be warned of, or nothing is checked', () => {
    const warned: Problem[] = []
    const received = response(404, '{"reason":1}')
    expect(() =>
      compile({ errors }).decode(received, 'warn', (problems) => warned.push(...problems)),
    ).toThrow(HttpError)
    expect(warned).toMatchObject([{ path: 'reason' }])
    expect(failure(HttpError, { errors }, received, 'off')).toMatchObject({
      body: { reason: 1 },
      declared: true,
    })
  })

  it('carries the headers and Retry-After', () => {
    const headers = { 'retry-after': '2', 'x-a': ['1', '2'] }
    const error = failure(HttpError, {}, response(503, '', headers))
    expect(error).toMatchObject({ headers, retryAfterMs: 2000, retryable: true })
    expect(failure(HttpError, {}, response(500, '', { 'retry-after': '-1' })).retryAfterMs).toBeUndefined()
  })

  it('may have an asynchronous schema, or come as a stream', async () => {
    const slow = { 404: NotFound.refine(async () => true) }
    await expect(decode({ errors: slow }, response(404, '{"reason":"r"}'))).rejects.toMatchObject({
      body: { reason: 'r' },
      operation: 'op',
    })
    const streamed = response(404, Readable.from(['{"reason":', '"r"}']))
    await expect(decode({ response: 'stream', errors }, streamed)).rejects.toMatchObject({
      body: { reason: 'r' },
    })
  })

  it('never carries a __proto__', () => {
    const error = failure(
      HttpError,
      { errors: { 404: z.any() } },
      response(404, '{"__proto__":{"polluted":1}}'),
    )
    expect(Object.keys(error.body as object)).toEqual([])
  })
})
