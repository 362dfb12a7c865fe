import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { InvalidInputError, Problem } from '../../foundation/errors/index.js'
import { compileOperation } from '../compile-operation.js'
import type { EncodedRequest, ValidateMode } from '../describe/compiled-operation.js'
import type { Operation } from '../describe/operation.js'
import type { StandardSchema } from '../describe/standard-schema.js'

function encode(operation: Operation, input?: unknown, validate: ValidateMode = 'enforce'): EncodedRequest {
  const request = compileOperation('shop', 'op', operation).encode(input, validate)
  if (request instanceof Promise) throw new Error('was expected to be synchronous')
  return request
}

function refusal(
  operation: Operation,
  input: unknown,
  validate: ValidateMode = 'enforce',
): InvalidInputError {
  try {
    encode(operation, input, validate)
  } catch (error) {
    return error as InvalidInputError
  }
  throw new Error('was not refused')
}

const any = z.any()
const json = { 'content-type': 'application/json' }

describe('where fields go', () => {
  const input = z.object({
    id: z.string(),
    page: z.number().optional(),
    tags: z.array(z.string()).optional(),
  })

  it.each(['GET', 'HEAD', 'DELETE'] as const)('%s sends what is not in the path in the query', (method) => {
    const given = { id: 'a/b', page: 2, tags: ['x', 'y'] }
    const path = '/things/a%2Fb?page=2&tags=x&tags=y'
    expect(encode({ method, path: '/things/{id}', input }, given)).toEqual({
      path,
      headers: undefined,
      body: undefined,
      replayable: true,
    })
  })

  it.each(['POST', 'PUT', 'PATCH'] as const)('%s sends what is not in the path as JSON', (method) => {
    const given = { id: '1', page: 2, tags: undefined }
    expect(encode({ method, path: '/things/{id}', input }, given)).toEqual({
      path: '/things/1',
      headers: json,
      body: '{"page":2}',
      replayable: true,
    })
  })

  it('sends the whole input as JSON where no field goes elsewhere', () => {
    const given = { id: '1', page: 1 }
    expect(encode({ method: 'POST', path: '/', input }, given).body).toBe(JSON.stringify(given))
    expect(encode({ method: 'POST', path: '/', input: z.array(z.number()) }, [1, 2]).body).toBe('[1,2]')
    expect(encode({ method: 'POST', path: '/', input: z.null() }, null).body).toBe('null')
  })

  it('sends no body where every field goes elsewhere, or there is no input', () => {
    const operation: Operation = { method: 'POST', path: '/{id}/cancel', input: z.object({ id: z.string() }) }
    expect(encode(operation, { id: '1' })).toMatchObject({ headers: undefined, body: undefined })
    expect(encode({ method: 'POST', path: '/run' })).toMatchObject({ path: '/run', body: undefined })
    expect(encode({ method: 'POST', path: '/', input: z.object({}).optional() })).toMatchObject({
      body: undefined,
    })
    expect(encode({ method: 'GET', path: '/', input: z.object({}).optional() })).toMatchObject({ path: '/' })
  })

  it('sends fields where `in` says, to several places if it says so', () => {
    const operation: Operation = {
      method: 'PUT',
      path: '/things/{id}',
      input: any,
      in: { id: ['path', 'body'], etag: { header: 'If-Match' }, dry: 'query' },
    }
    expect(encode(operation, { id: 1, etag: '"v"', dry: true, name: 'n' })).toEqual({
      path: '/things/1?dry=true',
      headers: { ...json, 'if-match': '"v"' },
      body: '{"id":1,"name":"n"}',
      replayable: true,
    })
    expect(encode(operation, { id: 1, dry: true })).toMatchObject({ headers: json })
  })

  it('sends fields of GET to several places, and body fields of DELETE', () => {
    const get: Operation = {
      method: 'GET',
      path: '/{id}',
      input: any,
      in: { id: ['path', 'query', { header: 'x-id' }] },
    }
    expect(encode(get, { id: 'a', b: 1 })).toMatchObject({ path: '/a?id=a&b=1', headers: { 'x-id': 'a' } })
    const remove: Operation = { method: 'DELETE', path: '/{id}', input: any, in: { reason: 'body' } }
    expect(encode(remove, { id: 'a', reason: 'r', q: 1 })).toEqual({
      path: '/a?q=1',
      headers: json,
      body: '{"reason":"r"}',
      replayable: true,
    })
    expect(encode(remove, { id: 'a' })).toMatchObject({ path: '/a', body: undefined })
  })

  it('sends one field as the whole body, and the others in the query', () => {
    const operation: Operation = { method: 'POST', path: '/{id}', input: any, in: { items: 'whole-body' } }
    expect(encode(operation, { id: 1, items: [1, 2], dry: true })).toMatchObject({
      path: '/1?dry=true',
      body: '[1,2]',
    })
    expect(encode(operation, { id: 1, items: null })).toMatchObject({ body: 'null' })
    expect(encode(operation, { id: 1 })).toMatchObject({ headers: undefined, body: undefined })
  })

  it('keeps an own __proto__ field a field', () => {
    const given = JSON.parse('{"id":"1","__proto__":{"x":1}}')
    const request = encode({ method: 'POST', path: '/{id}', input: any }, given)
    expect(request.body).toBe('{"__proto__":{"x":1}}')
  })
})

describe('the input', () => {
  it('is checked, then sent as it was given', () => {
    const input = z.object({ when: z.string().transform((text) => new Date(text)), size: z.coerce.number() })
    const given = { when: '2026-01-01', size: '7', extra: 1 }
    expect(encode({ method: 'POST', path: '/', input }, given).body).toBe(JSON.stringify(given))
  })

  it('is refused with every problem, and nothing of it is sent', () => {
    const input = z.object({ id: z.string(), lines: z.array(z.object({ count: z.number() })) })
    const error = refusal({ method: 'POST', path: '/{id}', input }, { id: 1, lines: [{ count: 'x' }] })
    expect(error).toMatchObject({ code: 'INVALID_INPUT', phase: 'encoding', retryable: false })
    expect(error.problems.map(({ path }) => path)).toEqual(['id', 'lines.0.count'])
    expect(error.message).toMatch(/^shop\.op: id: .*; lines\.0\.count: /)
  })

  it('warns, or says nothing, when told to; what cannot be sent is refused all the same', () => {
    const operation: Operation = { method: 'GET', path: '/{id}', input: z.object({ id: z.string() }) }
    const warned: Problem[] = []
    const compiled = compileOperation('shop', 'op', operation)
    expect(compiled.encode({ id: 7 }, 'warn', (problems) => warned.push(...problems))).toMatchObject({
      path: '/7',
    })
    expect(warned).toMatchObject([{ path: 'id' }])
    expect(encode(operation, { id: 7 }, 'off')).toMatchObject({ path: '/7' })
    for (const mode of ['enforce', 'warn', 'off'] as const) {
      expect(refusal(operation, { id: '..' }, mode).problems).toMatchObject([{ path: 'id' }])
      expect(refusal(operation, {}, mode).code).toBe('INVALID_INPUT')
    }
  })

  it('names every field that cannot be sent', () => {
    const operation: Operation = {
      method: 'POST',
      path: '/{id}',
      input: any,
      in: { h: { header: 'h' }, q: 'query' },
    }
    const { problems } = refusal(operation, { id: '', h: 'a\r\nb', q: {}, big: 1n })
    expect(problems.map(({ path }) => path)).toEqual(['id', 'q', '', 'h'])
  })

  it('must be an object where its fields go to different places', () => {
    const operation: Operation = { method: 'GET', path: '/', input: any }
    for (const input of ['text', 7, [1], null])
      expect(refusal(operation, input).message).toContain('must be an object')
  })

  it('must not be given to an operation without one', () => {
    const operation: Operation = { method: 'GET', path: '/' }
    expect(refusal(operation, { timeoutMs: 5 }).message).toContain('takes no input')
    expect(encode(operation, { timeoutMs: 5 }, 'off')).toMatchObject({ path: '/' })
  })

  it('may have an asynchronous schema, which alone makes the result a promise', async () => {
    const input = z.object({ id: z.string().refine(async (id) => id !== 'taken') })
    const compiled = compileOperation('shop', 'op', { method: 'GET', path: '/{id}', input })
    await expect(compiled.encode({ id: 'free' }, 'enforce')).resolves.toMatchObject({ path: '/free' })
    await expect(compiled.encode({ id: 'taken' }, 'enforce')).rejects.toMatchObject({
      problems: [{ path: 'id' }],
    })
  })

  it('is refused by a schema that throws or rejects', async () => {
    const schema = (validate: () => never | Promise<never>): StandardSchema => ({
      '~standard': { version: 1, vendor: 'x', validate },
    })
    const throwing = schema(() => {
      throw new Error('broken')
    })
    expect(refusal({ method: 'POST', path: '/', input: throwing }, {}).message).toContain(
      'the schema threw: broken',
    )
    const rejecting = schema(() => Promise.reject(new Error('broken')))
    const compiled = compileOperation('shop', 'op', { method: 'POST', path: '/', input: rejecting })
    await expect(compiled.encode({}, 'enforce')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('may follow any Standard Schema, whose paths may be of objects', () => {
    const issues = [{ message: 'bad', path: ['a', { key: 0 }] }]
    const input: StandardSchema = { '~standard': { version: 1, vendor: 'x', validate: () => ({ issues }) } }
    expect(refusal({ method: 'POST', path: '/', input }, {}).problems).toEqual([
      { path: 'a.0', message: 'bad' },
    ])
  })
})

describe('a body', () => {
  const circular: Record<string, unknown> = {}
  circular.self = circular

  it.each([{ big: 1n }, circular, { toJSON: () => JSON.parse('{') }])(
    'that JSON cannot hold is refused',
    (input) => {
      expect(refusal({ method: 'POST', path: '/', input: any }, input)).toMatchObject({
        code: 'INVALID_INPUT',
      })
    },
  )

  it('that is no JSON value is refused by name', () => {
    const operation: Operation = { method: 'POST', path: '/', input: any, in: { fn: 'whole-body' } }
    expect(refusal(operation, { fn: () => 1 }).problems).toMatchObject([{ path: 'fn' }])
  })

  it('is a form', () => {
    const operation: Operation = { method: 'POST', path: '/{id}', input: any, body: 'form' }
    expect(encode(operation, { id: 1, a: 'x &', b: [1, 2], none: null })).toEqual({
      path: '/1',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'a=x%20%26&b=1&b=2',
      replayable: true,
    })
    expect(refusal(operation, { id: 1, a: {} }).problems).toMatchObject([{ path: 'a' }])
  })

  it('is text', () => {
    const operation: Operation = { method: 'POST', path: '/', input: z.string(), body: 'text' }
    expect(encode(operation, 'hé')).toMatchObject({
      body: 'hé',
      headers: { 'content-type': 'text/plain;charset=UTF-8' },
    })
    expect(refusal(operation, 7, 'off').code).toBe('INVALID_INPUT')
  })

  it('is bytes, of a type that an input may name', () => {
    const input = z.object({ id: z.string(), type: z.string().optional(), data: any })
    const operation: Operation = {
      method: 'PUT',
      path: '/{id}',
      input,
      body: 'bytes',
      in: { type: { header: 'content-type' } },
    }
    const data = new Uint8Array([1, 2])
    expect(encode(operation, { id: '1', data })).toMatchObject({
      body: data,
      headers: { 'content-type': 'application/octet-stream' },
    })
    expect(encode(operation, { id: '1', data: data.buffer, type: 'image/png' })).toMatchObject({
      body: data,
      headers: { 'content-type': 'image/png' },
    })
    expect(encode(operation, { id: '1', data: new Uint16Array([513]) }).body).toEqual(new Uint8Array([1, 2]))
    expect(refusal(operation, { id: '1', data: 'text' }).problems).toMatchObject([{ path: 'data' }])
    expect(encode(operation, { id: '1', data: new Blob(['ab'], { type: 'image/gif' }) })).toMatchObject({
      replayable: true,
      headers: { 'content-type': 'image/gif', 'content-length': '2' },
    })
  })

  it('is a stream, which can be sent again only if a function makes it', async () => {
    const operation: Operation = {
      method: 'POST',
      path: '/',
      input: any,
      body: 'stream',
      in: { data: 'whole-body' },
    }
    const stream = Readable.from(['a'])
    const once = encode(operation, { data: stream })
    expect(once.replayable).toBe(false)
    expect((once.body as () => Readable)()).toBe(stream)
    const again = encode(operation, { data: () => Readable.from(['a', 'b']) })
    expect(again.replayable).toBe(true)
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await (again.body as () => Readable)().toArray()).toEqual(['a', 'b'])
    }
    expect(refusal(operation, { data: 7 }).problems).toMatchObject([{ path: 'data' }])
    stream.destroy()
    expect(refusal(operation, { data: stream }).message).toContain('destroyed already')
  })
})

it('never shares headers that a caller could change', () => {
  const { headers } = encode({ method: 'POST', path: '/', input: any }, {})
  expect(Object.isFrozen(headers)).toBe(true)
})
