import { expectTypeOf } from 'vitest'
import {
  type Chaos,
  type ChaosAttempt,
  type ChaosRequest,
  chaos,
  compose,
  createClient,
  createFetch,
  createService,
  defineContract,
  type ExecutionContext,
} from '../../../index.js'

const orders = defineContract('orders', { list: { method: 'GET', path: '/orders' } })
const baseUrl = 'http://127.0.0.1:9'

// What asks nothing of a call is of use everywhere.
const anywhere = chaos({ latency: { minMs: 1, maxMs: 5 }, errors: ['reset', 503, () => new Error('mine')] })
expectTypeOf(anywhere).toEqualTypeOf<Chaos>()
createClient(orders, { baseUrl, chaos: anywhere })
createFetch({ chaos: anywhere })
createService({ name: 'orders', chaos: anywhere })
compose(anywhere)

// By itself it is asked about executions.
const own = chaos({ errors: 'reset', when: (call) => call.attempt === 1 })
expectTypeOf(own).toEqualTypeOf<Chaos<ExecutionContext>>()

// Options that stand in their place know what they are about.
createClient(orders, {
  baseUrl,
  chaos: { errors: 503, when: ({ operation, attempt }) => operation === 'list' && attempt < 2 },
})
createService({
  name: 'orders',
  chaos: { errors: 503, when: ({ headers, path }) => path === '/' && headers.a === 'b' },
})
createService({ name: 'orders', chaos: false })

// Of a made one the parameter says it.
const attempts = chaos({ errors: 503, when: ({ origin }: ChaosAttempt) => origin === baseUrl })
expectTypeOf(attempts).toEqualTypeOf<Chaos<ChaosAttempt>>()
createClient(orders, { baseUrl, chaos: attempts })
// @ts-expect-error an attempt is no request
createService({ name: 'orders', chaos: attempts })
const requests = chaos<ChaosRequest>({ latency: ({ path }) => path.length })
createService({ name: 'orders', chaos: requests })
// @ts-expect-error a request is no attempt
createFetch({ chaos: requests })
