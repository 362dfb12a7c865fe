import { expect, it, vi } from 'vitest'
import { z } from 'zod'
import { HttpError } from '../../foundation/errors/index.js'
import { compileOperation } from '../compile-operation.js'
import { defineContract } from './define-contract.js'
import { isHttpError } from './is-http-error.js'
import type { Operation } from './operation.js'

const NotFound = z.object({ reason: z.string() })
const shop = defineContract('shop', {
  getOrder: { method: 'GET', path: '/orders', errors: { 404: NotFound } },
  getItem: { method: 'GET', path: '/items', errors: { 404: NotFound, '5XX': NotFound } },
})
const other = defineContract('other', {
  getOrder: { method: 'GET', path: '/orders', errors: { 404: NotFound } },
})

function thrownBy(
  contract: string,
  name: string,
  operation: Operation,
  status: number,
  body: string,
): unknown {
  try {
    return compileOperation(contract, name, operation).decode(
      { status, headers: {}, body: Buffer.from(body) },
      'enforce',
    )
  } catch (error) {
    return error
  }
}

const missing = thrownBy('shop', 'getOrder', shop.getOrder, 404, '{"reason":"gone"}')

it('tells errors by status and operation', () => {
  expect(isHttpError(missing)).toBe(true)
  expect(isHttpError(missing, undefined, 404)).toBe(true)
  expect(isHttpError(missing, undefined, 500)).toBe(false)
  expect(isHttpError(missing, shop.getOrder)).toBe(true)
  expect(isHttpError(missing, shop.getOrder, 404)).toBe(true)
  expect(isHttpError(missing, shop.getOrder, 409)).toBe(false)
  expect(isHttpError(missing, shop.getItem, 404)).toBe(false)
  expect(isHttpError(missing, other.getOrder, 404)).toBe(false)
  for (const value of [undefined, null, 'x', new Error('x'), { status: 404 }])
    expect(isHttpError(value)).toBe(false)
})

it('does not vouch for a declared body that was not as declared', () => {
  const garbled = thrownBy('shop', 'getOrder', shop.getOrder, 404, '<html>')
  expect(isHttpError(garbled, shop.getOrder)).toBe(true)
  expect(isHttpError(garbled, shop.getOrder, 404)).toBe(false)
  expect(isHttpError(thrownBy('shop', 'getItem', shop.getItem, 503, 'x'), shop.getItem, 503)).toBe(false)
  expect(isHttpError(thrownBy('shop', 'getOrder', shop.getOrder, 503, 'x'), shop.getOrder, 503)).toBe(true)
})

it('knows an operation under every name that it has', () => {
  const again = defineContract('again', { fetchOrder: shop.getOrder })
  const error = thrownBy('again', 'fetchOrder', again.fetchOrder, 404, '{"reason":"gone"}')
  expect(isHttpError(error, again.fetchOrder, 404)).toBe(true)
  expect(isHttpError(error, shop.getOrder, 404)).toBe(true)
})

it('gives an error or an operation without a name the benefit of the doubt', () => {
  const response = { status: 404, headers: {}, body: { reason: 'made by a test' }, declared: true }
  expect(isHttpError(new HttpError('x', response), shop.getOrder, 404)).toBe(true)
  expect(isHttpError(missing, { ...shop.getItem }, 404)).toBe(true)
})

it('knows errors and operations of another copy of this package', async () => {
  vi.resetModules()
  const copy = await import('../index.js')
  expect(copy.isHttpError).not.toBe(isHttpError)
  expect(copy.isHttpError(missing, shop.getOrder, 404)).toBe(true)
  expect(copy.isHttpError(missing, shop.getItem, 404)).toBe(false)
  expect(copy.contractName(shop)).toBe('shop')
})
