import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { type CallInput, type CallOutput, compileOperation, defineContract } from '../index.js'

const schemas = {
  zod: { input: z.object({ id: z.string() }), output: z.object({ total: z.number() }) },
  valibot: { input: v.object({ id: v.string() }), output: v.object({ total: v.number() }) },
  arktype: { input: type({ id: 'string' }), output: type({ total: 'number' }) },
}

function operationOf(library: keyof typeof schemas) {
  const shop = defineContract(library, { get: { method: 'GET', path: '/{id}', ...schemas[library] } })
  return compileOperation(library, 'get', shop.get)
}

function respond(body: unknown) {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
  }
}

describe.each(['zod', 'valibot', 'arktype'] as const)('a contract with schemas of %s', (library) => {
  const operation = operationOf(library)

  it('writes and reads what they allow', () => {
    expect(operation.encode({ id: 'a/b' }, 'enforce')).toMatchObject({ path: '/a%2Fb' })
    expect(operation.decode(respond({ total: 3 }), 'enforce')).toEqual({ total: 3 })
  })

  it('names what they refuse', () => {
    expect(() => operation.encode({ id: 3 }, 'enforce')).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', problems: [expect.objectContaining({ path: 'id' })] }),
    )
    expect(() => operation.decode(respond({ total: 'three' }), 'enforce')).toThrow(
      expect.objectContaining({
        code: 'INVALID_RESPONSE',
        problems: [expect.objectContaining({ path: 'total' })],
      }),
    )
  })
})

it('types a call by the schemas of any library', () => {
  const shop = defineContract('shop', {
    byValibot: { method: 'GET', path: '/{id}', ...schemas.valibot },
    byArktype: { method: 'GET', path: '/{id}', ...schemas.arktype },
  })
  expectTypeOf<CallInput<typeof shop.byValibot>>().toEqualTypeOf<{ id: string }>()
  expectTypeOf<CallOutput<typeof shop.byArktype>>().toEqualTypeOf<{ total: number }>()
})
