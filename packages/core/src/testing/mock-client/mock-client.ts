import { type CallOptions, type ClientOptions, createClient, type SafeResult } from '../../client/index.js'
import { type Contract, contractName, type Operation, type Operations } from '../../contract/index.js'
import { ConfigInvalidError } from '../../foundation/errors/index.js'
import { ScriptedDispatcher } from '../scripted-transport/scripted-dispatcher.js'
import { callHeader, MockSwitchboard } from './mock-switchboard.js'
import type { MockClient, MockClientOptions, MockControls, MockHandlers } from './mock-types.js'

interface AnyCall {
  (input: unknown, options: unknown): Promise<unknown>
  safe(input: unknown, options: unknown): Promise<SafeResult<unknown>>
}

/**
 * A client for unit tests whose operations are answered by functions or values instead of a service. It has the type of
 * the client it stands in for, and is one: input, call options and replies are checked against the contract, timeouts
 * and aborts work, and errors are those of a client, so that the mock cannot promise what the service does not. Retries,
 * hedges, breaker and bulkhead are off unless `options` asks for them.
 *
 * A handler gives what the service would send: the output before its schema's transforms. An operation that is called
 * without having a handler, and a handler that throws anything but a `HoldfastError`, reject the call with `.safe` too.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` for handlers of operations that the contract does not have, or wrong options.
 * @example
 * ```ts
 * import { defineContract } from '@holdfast/core'
 * import { mockClient } from '@holdfast/core/testing'
 * import { z } from 'zod'
 *
 * const orders = defineContract('orders', {
 *   getOrder: {
 *     method: 'GET',
 *     path: '/orders/{id}',
 *     input: z.object({ id: z.string() }),
 *     output: z.object({ id: z.string(), total: z.number() }),
 *   },
 * })
 * await using client = mockClient(orders, { getOrder: ({ id }) => ({ id, total: 10 }) })
 * console.log(await client.getOrder({ id: '42' })) // { id: '42', total: 10 }
 * console.log(client.$calls.getOrder[0]?.path) // /orders/42
 * ```
 */
export function mockClient<const Name extends string, Ops extends Operations>(
  contract: Contract<Name, Ops>,
  handlers: MockHandlers<NoInfer<Ops>> = {},
  options: MockClientOptions<NoInfer<Ops>> = {},
): MockClient<Ops> {
  const name = contractName(contract)
  if (name === undefined) {
    throw new ConfigInvalidError('mockClient()', [
      { path: 'contract', message: 'is not a contract; make one with defineContract()' },
    ])
  }
  const operations = contract as unknown as Readonly<Record<string, Operation>>
  const switchboard = new MockSwitchboard(name, operations)
  switchboard.handle(handlers)
  const dispatcher = new ScriptedDispatcher((request, signal) => switchboard.respond(request, signal))
  const client = createClient(contract, {
    ...unprotected(operations, options),
    baseUrl: 'http://mock.invalid',
    dispatcher,
  } as ClientOptions<Ops>)
  const controls: MockControls<Ops> = {
    $calls: switchboard.calls as never,
    $handle: (more) => switchboard.handle(more),
    $clearCalls: () => switchboard.clearCalls(),
  }
  return Object.freeze({
    ...client,
    ...mockedCalls(client, operations, switchboard),
    ...controls,
  }) as MockClient<Ops>
}

/** Off in each operation, because an operation's own wish goes before that of a client. */
function unprotected<Ops>(operations: object, options: MockClientOptions<Ops>): object {
  const off = {
    ...(options.retry === undefined ? { retry: false } : {}),
    ...(options.hedge === undefined ? { hedge: false } : {}),
  }
  const given = (options.operations ?? {}) as Readonly<Record<string, object | undefined>>
  const overrides = Object.keys(operations).map((name) => [name, { ...off, ...given[name] }])
  return {
    circuitBreaker: false,
    bulkhead: false,
    ...options,
    operations: { ...given, ...Object.fromEntries(overrides) },
  }
}

function mockedCalls(client: object, operations: object, switchboard: MockSwitchboard): object {
  const calls = Object.keys(operations).map((name) => {
    const real = (client as Readonly<Record<string, unknown>>)[name] as AnyCall
    const through = async <Result>(
      call: AnyCall['safe'] | AnyCall,
      input: unknown,
      options: unknown,
    ): Promise<Result> => {
      const { id, call: pending } = switchboard.open(name, input)
      try {
        const result = await call(input, marked(options, id))
        if (pending.failure !== undefined) throw pending.failure.error
        return result as Result
      } catch (error) {
        throw pending.failure === undefined ? error : pending.failure.error
      } finally {
        switchboard.close(id)
      }
    }
    const safe = (input: unknown, options: unknown) => through(real.safe, input, options)
    return [
      name,
      Object.assign((input: unknown, options: unknown) => through(real, input, options), { safe }),
    ]
  })
  return Object.fromEntries(calls)
}

/** Wrong options are left as they are, for the client to refuse. */
function marked(options: unknown, id: string): unknown {
  if (options === undefined) return { headers: { [callHeader]: id } }
  if (typeof options !== 'object' || options === null) return options
  const { headers = {} } = options as CallOptions
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers) return options
  return { ...options, headers: { ...headers, [callHeader]: id } }
}
