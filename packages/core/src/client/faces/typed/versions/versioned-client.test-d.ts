import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { defineContract } from '../../../../contract/index.js'
import type { TrafficSplit } from '../../../../upstream/traffic/index.js'
import type { Client } from '../../../operation/client-types.js'
import { createClient } from '../create-client.js'

const orders = defineContract('orders', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: z.object({ id: z.string() }),
    output: z.object({ id: z.string() }),
  },
})
const here = { baseUrl: 'http://orders' }
const client = createClient(orders, {
  versions: { stable: here, canary: here },
  traffic: { weights: { stable: 95, canary: 5 }, rules: [{ operation: 'getOrder', version: 'canary' }] },
})

async function calls() {
  expectTypeOf(await client.getOrder({ id: '42' })).toEqualTypeOf<{ id: string }>()
  // @ts-expect-error of the right type
  await client.getOrder({ id: 42 })
  expectTypeOf(client.$traffic).toEqualTypeOf<TrafficSplit<'stable' | 'canary'>>()
  // @ts-expect-error no such version
  client.$traffic.switchTo('green')
  const plain: Client<typeof orders> = client
  expectTypeOf(plain.$stats().versions?.stable?.dependency).toEqualTypeOf<string | undefined>()
}

function options() {
  // @ts-expect-error every version has a weight
  createClient(orders, { versions: { stable: here, canary: here }, traffic: { weights: { stable: 1 } } })
  createClient(orders, {
    versions: { stable: here, canary: here },
    traffic: {
      weights: { stable: 1, canary: 1 },
      // @ts-expect-error no such version
      rules: [{ path: '/', version: 'green' }],
    },
  })
  // @ts-expect-error no such option of a version
  createClient(orders, { versions: { stable: { url: '' } }, traffic: { weights: { stable: 1 } } })
  // @ts-expect-error there is nothing to shift without versions
  createClient(orders, here).$traffic
}
