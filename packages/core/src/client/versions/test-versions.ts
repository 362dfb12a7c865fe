import { onTestFinished } from 'vitest'
import type { CanaryResult, CanaryRun } from '../../traffic/index.js'
import { createClient } from '../create-client.js'
import { type OrdersOptions, orders } from '../test-orders.js'
import type { VersionedClient } from './versioned-client.js'

export type StableAndCanary = VersionedClient<typeof orders, 'stable' | 'canary'>

interface Place {
  readonly url: string
}

/** A client of two versions, for the running test; all calls go to the stable one unless `options` say otherwise. */
export function openVersioned(
  { stable, canary }: { readonly stable: Place; readonly canary: Place },
  options: object = {},
): StableAndCanary {
  const client = createClient(orders, {
    versions: { stable: { baseUrl: stable.url }, canary: { baseUrl: canary.url } },
    traffic: { weights: { stable: 100, canary: 0 } },
    retry: { baseMs: 1, maxMs: 1 },
    ...(options as Partial<OrdersOptions>),
  })
  onTestFinished(() => client.$close())
  return client as StableAndCanary
}

/** Short, for tests that must not take long. */
export const quickly = { stepMs: 100, intervalMs: 10, minSamples: 20 } as const

/** Calls as long as the canary is on its way. */
export async function callUntilEnded(run: CanaryRun, call: () => Promise<unknown>): Promise<CanaryResult> {
  let result: CanaryResult | undefined
  void run.ended.then((ended) => {
    result = ended
  })
  while (result === undefined) await Promise.all(Array.from({ length: 20 }, call))
  return result
}
