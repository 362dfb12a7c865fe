import { expect, it } from 'vitest'
import { z } from 'zod'
import * as mini from 'zod/mini'
import { schemaFields } from './schema-fields.js'

const a = z.object({ a: z.string() })
const b = z.object({ b: z.string() })
const recursive: z.ZodType = z.lazy(() => recursive)

it.each([
  ['an object', a, ['a']],
  ['a strict object', a.strict(), ['a']],
  ['a refined object', a.refine(() => true), ['a']],
  ['a transformed object', a.transform(() => 1), ['a']],
  ['an optional object', a.optional(), ['a']],
  ['an object with a default', a.default({ a: '' }), ['a']],
  ['a union', z.union([a, b]), ['a', 'b']],
  ['an intersection', a.and(b), ['a', 'b']],
  ['a lazy object', z.lazy(() => a), ['a']],
  ['an object of zod/mini', mini.object({ a: mini.string() }), ['a']],
  ['text', z.string(), []],
  ['a list', z.array(a), []],
  ['a loose object', z.looseObject({ a: z.string() }), undefined],
  ['an object with a catchall', a.catchall(z.number()), undefined],
  ['a union with a loose object', z.union([a, z.looseObject({})]), undefined],
  ['a record', z.record(z.string(), z.string()), undefined],
  ['a preprocessed object', z.preprocess((value) => value, a), undefined],
  ['anything', z.any(), undefined],
  ['a schema that is only itself', recursive, undefined],
  [
    'a schema that tells nothing',
    { '~standard': { version: 1, vendor: 'x', validate: () => ({ value: 1 }) } },
    undefined,
  ],
  ['a schema with JSON Schema', withJsonSchema({ properties: { a: {} } }), ['a']],
  ['a closed JSON Schema', withJsonSchema({ properties: { a: {} }, additionalProperties: false }), ['a']],
  ['an open JSON Schema', withJsonSchema({ properties: { a: {} }, additionalProperties: {} }), undefined],
  ['a JSON Schema without properties', withJsonSchema({ anyOf: [] }), undefined],
])('%s', (_name, schema, fields) => {
  expect(schemaFields(schema)).toEqual(fields === undefined ? undefined : new Set(fields))
})

it('gives up on a schema that throws', () => {
  const lazy = z.lazy(() => {
    throw new Error('not yet')
  })
  expect(schemaFields(lazy)).toBeUndefined()
})

function withJsonSchema(json: object): object {
  return {
    '~standard': {
      version: 1,
      vendor: 'x',
      validate: () => ({ value: 1 }),
      jsonSchema: { input: () => json },
    },
  }
}
