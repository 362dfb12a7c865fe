import { type ClientOptions, createClient, defineContract } from '@holdfast/core'
import { z } from 'zod'
import type { Arm, Target } from './arm.js'

const contract = defineContract('dependency', {
  get: {
    method: 'GET',
    path: '/items/{key}',
    input: z.object({ key: z.string() }),
    output: z.looseObject({}),
  },
})

const pathPrefix = '/items/'
const critical = Object.freeze({ priority: 'critical' as const })

/** Holdfast with its defaults. */
export const holdfast: Arm = {
  name: 'holdfast',
  canBeSimulated: true,
  connect(target, settings) {
    const client = createClient(contract, {
      ...placeOf(target),
      ...(target.network !== undefined && { dispatcher: target.network }),
      attemptTimeoutMs: settings.attemptTimeoutMs,
      ...(settings.hedges === true && { hedge: true }),
      ...(settings.isBackground === true && backgroundProfile),
    })
    return {
      call: (path, isCritical) =>
        client.get({ key: path.slice(pathPrefix.length) }, isCritical ? critical : undefined),
      close: () => client.$close(),
    }
  },
}

/** A list of endpoints where there are several. */
function placeOf({ name, replicas }: Target): Pick<ClientOptions, 'baseUrl' | 'endpoints'> {
  return replicas.length > 1 ? { endpoints: replicas } : { baseUrl: name }
}

/** Work that must get done and that nobody waits for: repeated for a minute, evenly spread over up to 8 seconds. */
const backgroundProfile = {
  timeoutMs: 60_000,
  retry: { maxAttempts: 100, baseMs: 8_000, maxMs: 8_000, statuses: [500] },
  retryBudget: false,
} as const satisfies Partial<ClientOptions>
