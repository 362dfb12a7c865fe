/** Promises made for one call: by a client, and by its policies composed around the same request. */
import { createHook } from 'node:async_hooks'
import {
  bulkhead,
  circuitBreaker,
  compose,
  createClient,
  defineContract,
  retry,
  timeout,
} from '@holdfast/core'
import { Dispatcher } from 'undici'

/** Answers in the next turn of the event loop, and makes no promise of its own. */
class EchoDispatcher extends Dispatcher {
  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    setImmediate(() => {
      const controller = { abort() {}, pause() {}, resume() {}, aborted: false, paused: false, reason: null }
      handler.onRequestStart?.(controller as never, {})
      handler.onResponseStart?.(controller as never, 200, { 'content-type': 'application/json' }, 'OK')
      handler.onResponseData?.(controller as never, Buffer.from('{}'))
      handler.onResponseEnd?.(controller as never, {})
    })
    return true
  }
}

const dispatcher = new EchoDispatcher()
const orders = defineContract('orders', { list: { method: 'GET', path: '/orders' } })
const client = createClient(orders, { baseUrl: 'http://orders', dispatcher })

const request = (): Promise<unknown> =>
  new Promise((resolve) => {
    dispatcher.dispatch({ path: '/orders', method: 'GET' }, { onResponseEnd: resolve })
  })
const policy = compose(
  timeout({ timeoutMs: 10_000 }),
  retry(),
  bulkhead(),
  circuitBreaker(),
  timeout({ timeoutMs: 3_000, scope: 'attempt' }),
)

async function promisesOf(call: () => Promise<unknown>): Promise<number> {
  const rounds = 100
  for (let round = 0; round < rounds; round++) await call()
  let promises = 0
  const hook = createHook({
    init(_, type) {
      if (type === 'PROMISE') promises++
    },
  })
  hook.enable()
  for (let round = 0; round < rounds; round++) await call()
  hook.disable()
  // The await of this loop makes one of its own.
  return promises / rounds - 1
}

console.log('promises a call')
console.log(`  the request alone          ${await promisesOf(request)}`)
console.log(`  five policies around it    ${await promisesOf(() => policy.execute(request))}`)
console.log(`  a client, decoding too     ${await promisesOf(() => client.list())}`)
await client.$close()
