import { OptionCheck, show } from '../../foundation/config/index.js'
import { checkOperation } from './check-operation.js'
import type { Operation, Operations } from './operation.js'
import { registerOperation } from './operation-registry.js'

/** Where a contract keeps its name; registered globally, so that another copy of this package finds it too. */
export const contractNameKey: unique symbol = Symbol.for('holdfast.contract') as never

/** A contract: the plain object of its operations, and its name. */
export type Contract<Name extends string = string, Ops = Operations> = Ops & {
  readonly [contractNameKey]: Name
}

/** The operations alone, of an object that may be a contract already. */
type Unnamed<Ops> = { readonly [Name in keyof Ops as Name extends string ? Name : never]: Ops[Name] }

/**
 * Declares what a service offers. Clients, mocks, servers and documents are made from it.
 *
 * @param name what the dependency is called in errors, logs and metrics
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once
 *
 * @example
 * ```ts
 * import { defineContract } from '@holdfast/core'
 * import { z } from 'zod'
 *
 * export const orders = defineContract('orders', {
 *   getOrder: {
 *     method: 'GET',
 *     path: '/orders/{id}',
 *     input: z.object({ id: z.string() }),
 *     output: z.object({ id: z.string(), total: z.number() }),
 *     errors: { 404: z.object({ reason: z.string() }) },
 *   },
 * })
 * ```
 */
export function defineContract<const Name extends string, const Ops extends Operations>(
  name: Name,
  operations: Ops,
): Contract<Name, Unnamed<Ops>> {
  const check = new OptionCheck(`contract ${show(name)}`)
  if (typeof name !== 'string' || !/^[\w.@/-]{1,100}$/.test(name)) {
    check.add('name', `must be 1 to 100 letters, digits or ._@/-, not ${show(name)}`)
  }
  if (isPlainObject(operations)) {
    for (const [key, operation] of Object.entries(operations)) {
      if (checkName(check, key)) checkOperation(check, key, operation)
    }
  } else {
    check.add('', `the operations must be a plain object, not ${show(operations)}`)
  }
  check.done()
  for (const [key, operation] of Object.entries(operations)) registerOperation(operation, name, key)
  return named(operations, name)
}

/** The name that the contract was given, also by another copy of this package; `undefined` for any other value. */
export function contractName(contract: unknown): string | undefined {
  return typeof contract === 'object' && contract !== null
    ? (contract as { readonly [contractNameKey]?: string })[contractNameKey]
    : undefined
}

function named<Name extends string, Ops extends Operations>(
  operations: Ops,
  name: Name,
): Contract<Name, Unnamed<Ops>> {
  // Frozen, or used under another name before: a contract's name never changes, so this one is a copy.
  const contract =
    Object.isExtensible(operations) && !Object.hasOwn(operations, contractNameKey)
      ? operations
      : { ...operations }
  Object.defineProperty(contract, contractNameKey, { value: name })
  return contract as Contract<Name, Ops>
}

function isPlainObject(value: unknown): value is Record<string, Operation> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // An object of another realm (a test runner's sandbox) has a prototype of its own, whose prototype is null.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function checkName(check: OptionCheck, key: string): boolean {
  if (key === '') return check.add('', 'an operation needs a name')
  if (key.startsWith('$')) {
    return check.add(key, "is a reserved name: those with '$' belong to the client; rename the operation")
  }
  if (key === 'then' || key === 'prototype' || key in Object.prototype) {
    return check.add(key, 'is a reserved name: every object or promise has one; rename the operation')
  }
  return true
}
