import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ConfigInvalidError } from '../../foundation/errors/index.js'
import { contractName, defineContract } from './define-contract.js'

const id = z.object({ id: z.string() })
const base = { method: 'GET', path: '/things/{id}', input: id }

function problemsOf(operations: unknown, name: unknown = 'things'): Record<string, string> {
  try {
    defineContract(name as string, operations as never)
  } catch (error) {
    if (!(error instanceof ConfigInvalidError)) throw error
    expect(error.code).toBe('CONFIG_INVALID')
    for (const { path } of error.problems) expect(error.message).toContain(path)
    return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]))
  }
  return {}
}

const problemsOfOne = (operation: unknown): Record<string, string> => problemsOf({ op: operation })

describe('a contract', () => {
  it('is the object that it was given, with a name that is not enumerable', () => {
    const operations = { getThing: { ...base, method: 'GET' as const } }
    const contract = defineContract('things', operations)
    expect(contract).toBe(operations)
    expect(Object.keys(contract)).toEqual(['getThing'])
    expect(contractName(contract)).toBe('things')
    expect(contractName({})).toBeUndefined()
    expect(contractName(undefined)).toBeUndefined()
  })

  it('is a copy where the object is frozen or has another name already', () => {
    const operations = Object.freeze({ getThing: { ...base, method: 'GET' as const } })
    const first = defineContract('first', operations)
    const second = defineContract('second', first)
    expect([contractName(first), contractName(second)]).toEqual(['first', 'second'])
    expect(second.getThing).toBe(operations.getThing)
  })

  it('accepts everything that the design allows', () => {
    const operation = {
      method: 'PUT',
      path: '/a/{id}/b-{part}.json',
      input: z.object({
        id: z.string(),
        part: z.number(),
        etag: z.string(),
        tag: z.array(z.string()),
        rest: z.string(),
      }),
      in: { etag: { header: 'If-Match' }, tag: 'query', part: ['path', 'body'] },
      output: { 200: z.string(), '2XX': z.unknown() },
      errors: { 100: id, 404: id, '4XX': id, '5XX': id, default: id },
      body: 'json',
      response: 'json',
      idempotent: 'key',
      timeoutMs: 1000,
      attemptTimeoutMs: false,
      retry: { maxAttempts: 2, baseMs: 1, maxMs: 2, statuses: [500] },
      hedge: { quantile: 0.9 },
    }
    expect(problemsOfOne(operation)).toEqual({})
    expect(problemsOf({})).toEqual({})
  })
})

describe('names', () => {
  it.each(['$close', 'then', 'constructor', 'toString', 'prototype', 'hasOwnProperty', ''])(
    'refuses the operation name %j',
    (name) => {
      expect(Object.keys(problemsOf({ [name]: base }))).toEqual([name])
    },
  )

  it('refuses __proto__, own or as the prototype', () => {
    expect(problemsOf(JSON.parse('{"__proto__": {"method": "GET"}}'))).toHaveProperty(['__proto__'])
    expect(problemsOf({ __proto__: { getThing: base } })[''] ?? '').toContain('plain object')
  })

  it.each(['', 'a b', 'x\r\n', 7, undefined])('refuses the contract name %j', (name) => {
    const problems = name === undefined ? problemsOf({}, null) : problemsOf({}, name)
    expect(problems).toHaveProperty('name')
  })

  it.each([undefined, null, [], 'x', new (class Thing {})()])(
    'refuses %j as the operations',
    (operations) => {
      expect(problemsOf(operations ?? null)).toHaveProperty([''])
    },
  )
})

describe('one operation', () => {
  it.each([
    ['method', { ...base, method: 'FETCH' }, 'must be one of GET'],
    ['method', { ...base, method: 'get' }, "'GET'"],
    ['method', { path: '/' }, 'must be one of GET'],
    ['path', { method: 'GET' }, 'must be a string'],
    ['path', { method: 'GET', path: 'things' }, "must start with '/'"],
    ['path', { method: 'GET', path: '//evil.example' }, 'another host'],
    ['path', { method: 'GET', path: '/a?x=1' }, 'query'],
    ['path', { method: 'GET', path: '/a/{id' }, 'unbalanced'],
    ['path', { method: 'GET', path: '/a b' }, 'percent-encode'],
    ['path', { method: 'GET', path: '/a/%zz' }, 'percent-encode'],
    ['path', { method: 'GET', path: '/a/../b' }, "'..' segments"],
    ['path', { method: 'GET', path: '/a/%2e%2E/b' }, "'..' segments"],
    ['path', { ...base, path: '/{id}/{id}' }, 'twice'],
    ['path', { ...base, path: '/{}' }, 'not a field'],
    ['path', { ...base, path: '/{other}' }, '{other}, which is not a field of input'],
    ['path', { method: 'GET', path: '/{id}' }, 'declare input'],
    ['path', { ...base, input: z.string() }, 'not a field of input'],
    ['input', { ...base, input: { id: 'string' } }, 'Standard Schema'],
    ['output', { ...base, output: 'Order' }, 'Standard Schema'],
    ['output', { ...base, output: {} }, 'Standard Schema'],
    ['output.404', { ...base, output: { 404: id } }, 'not a success'],
    ['output.200', { ...base, output: { 200: 7 } }, 'Standard Schema'],
    ['output', { ...base, output: id, response: 'none' }, "response 'none'"],
    ['output', { ...base, output: id, response: 'stream' }, "response 'stream'"],
    ['output', { ...base, method: 'HEAD', output: id }, 'HEAD'],
    ['response', { ...base, method: 'HEAD', response: 'json' }, 'HEAD'],
    ['response', { ...base, response: 'xml' }, "'json'"],
    ['errors', { ...base, errors: id }, 'map of schemas'],
    ['errors.notFound', { ...base, errors: { notFound: id } }, 'not a status'],
    ['errors.999', { ...base, errors: { 999: id } }, 'not a status'],
    ['errors.200', { ...base, errors: { 200: id } }, 'output'],
    ['errors.404', { ...base, errors: { 404: {} } }, 'Standard Schema'],
    ['errors.404', { ...base, errors: { 404: undefined } }, 'must be a schema'],
    ['body', { ...base, body: 'json' }, 'has no body'],
    ['body', { ...base, method: 'POST', body: 'xml' }, "'multipart'"],
    ['body', { method: 'POST', path: '/', body: 'json' }, 'declare input'],
    ['body', { ...base, method: 'POST', body: 'json' }, 'every field goes elsewhere'],
    ['body', { ...base, method: 'DELETE', body: 'json' }, 'DELETE'],
    ['idempotent', { ...base, idempotent: 'yes' }, "'key'"],
    ['timeoutMs', { ...base, timeoutMs: 0 }, 'more than 0'],
    ['timeoutMs', { ...base, timeoutMs: Number.POSITIVE_INFINITY }, 'at most'],
    ['timeoutMs', { ...base, timeoutMs: '1s' }, 'milliseconds'],
    ['attemptTimeoutMs', { ...base, attemptTimeoutMs: Number.NaN }, 'milliseconds'],
    ['attemptTimeoutMs', { ...base, timeoutMs: 10, attemptTimeoutMs: 20 }, 'op.timeoutMs (20 > 10)'],
    ['retry', { ...base, retry: true }, 'object'],
    ['retry.maxAttempts', { ...base, retry: { maxAttempts: 0 } }, 'from 1 to 100'],
    ['retry.statuses', { ...base, retry: { statuses: [200] } }, '500 to 599'],
    ['retry.attempts', { ...base, retry: { attempts: 2 } }, 'not an option'],
    ['hedge', { ...base, hedge: 'p97' }, 'object'],
    ['hedge', { ...base, method: 'POST', hedge: true }, 'idempotent'],
    ['hedge.quantile', { ...base, hedge: { quantile: 97 } }, 'from 0.5 to 0.9999'],
    ['priority', { ...base, priority: 'urgent' }, 'must be one of'],
    ['ouput', { ...base, ouput: id }, "'output'"],
    ['in', { ...base, in: ['id'] }, 'object of fields'],
    ['in.other', { ...base, in: { other: 'query' } }, 'not a field of input'],
    ['in.id', { ...base, in: { id: 'query' } }, "must include 'path'"],
    ['in.id', { ...base, in: { id: 'cookie' } }, "must be 'path', 'query'"],
    ['in.id', { ...base, in: { id: [] } }, 'at least one place'],
    ['in.id', { ...base, path: '/', in: { id: 'path' } }, 'no {id}'],
    ['in.id', { ...base, path: '/', in: { id: 'body' } }, 'GET request has none'],
    ['in.id', { ...base, path: '/', in: { id: 'whole-body' } }, 'GET request has none'],
    ['in.id', { ...base, method: 'POST', path: '/', in: { id: ['whole-body', 'query'] } }, 'in a list'],
    ['in.id', { ...base, path: '/', in: { id: { header: 'a b' } } }, 'not a valid header name'],
    ['in.id', { ...base, path: '/', in: { id: { header: 'Content-Length' } } }, 'frames the message'],
    ['in.id', { ...base, path: '/', in: { id: { header: 'transfer-encoding' } } }, 'frames the message'],
    ['in.id', { ...base, path: '/', in: { id: { header: '__proto__' } } }, 'objects have themselves'],
    ['in.id', { ...base, path: '/', in: { id: { header: 'content-type' } } }, 'content-type'],
    ['in.id', { ...base, path: '/', method: 'POST', body: 'form', in: { id: 'whole-body' } }, 'form'],
  ])('reports %s', (path, operation, message) => {
    const problem = problemsOfOne({ ...operation })[`op.${path}`] ?? ''
    expect(problem).toMatch(new RegExp(message.replace(/[.*+?^${}()[\]\\]/g, '\\$&')))
  })

  it.each([undefined, null, 'GET /', []])('refuses %j', (operation) => {
    expect(problemsOfOne(operation)).toHaveProperty(['op'])
  })

  it('reports a header that carries two fields, and two whole bodies', () => {
    const input = z.object({ a: z.string(), b: z.string() })
    const twice = { a: { header: 'X-Same' }, b: { header: 'x-same' } }
    expect(problemsOfOne({ method: 'POST', path: '/', input, in: twice })).toHaveProperty(['op.in.b'])
    const whole = { a: 'whole-body', b: 'whole-body' }
    expect(problemsOfOne({ method: 'POST', path: '/', input, in: whole })).toHaveProperty(['op.in.b'])
  })

  it('asks for a name where text, bytes or a stream could be one of several fields', () => {
    const input = z.object({ a: z.string(), b: z.string() })
    expect(problemsOfOne({ method: 'POST', path: '/', input, body: 'text' })['op.body']).toContain('a, b')
    expect(problemsOfOne({ method: 'POST', path: '/{a}', input, body: 'text' })).toEqual({})
    expect(problemsOfOne({ method: 'POST', path: '/', input: z.string(), body: 'text' })).toEqual({})
    const opaque = z.looseObject({ a: z.string() })
    expect(problemsOfOne({ method: 'POST', path: '/{a}', input: opaque, body: 'text' })).toHaveProperty([
      'op.body',
    ])
  })
})

it('reports everything at once, each under its operation', () => {
  const problems = problemsOf({
    first: { method: 'GO', path: 'x', timeoutMs: -1, extra: 1 },
    second: { ...base, errors: { oops: id }, in: { nope: 'query' } },
    $third: base,
  })
  expect(Object.keys(problems).sort()).toEqual([
    '$third',
    'first.extra',
    'first.method',
    'first.timeoutMs',
    'second.errors.oops',
    'second.in.nope',
  ])
})
