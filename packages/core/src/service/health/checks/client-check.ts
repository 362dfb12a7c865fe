import { OptionCheck } from '../../../foundation/config/index.js'
import type { HealthCheck, HealthResult } from '../health-check.js'

/** What `clientCheck` reads of a client. */
export interface ObservedClient {
  $stats(): {
    readonly dependency: string
    readonly queued: number
    readonly shadow?: readonly string[]
    readonly endpoints: readonly {
      readonly origin: string
      readonly state?: 'active' | 'ejected' | 'paused' | 'draining'
      readonly circuitBreaker: { readonly state: 'closed' | 'open' | 'halfOpen' | 'isolated' } | undefined
    }[]
  }
}

/** Options of `clientCheck`. */
export interface ClientCheckOptions {
  /**
   * How many calls may wait for a permit before the check warns.
   * @default 100
   */
  readonly maxQueued?: number
}

const clientCheckDefaults = Object.freeze({ maxQueued: 100 })

/**
 * A check of a dependency that asks nobody: it reads the client's own circuit breakers and queue. It fails when every
 * breaker refuses or no endpoint is known, and warns when some refuse or many calls wait. A breaker that has had its time and would let a
 * probe through does not count, so a service that gets no traffic for that reason gets some again. Nor does one in shadow,
 * which refuses nothing.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `client` is no client.
 * @example
 * ```ts
 * import { clientCheck, healthRegistry } from '@holdfast/core'
 *
 * healthRegistry().add('orders', clientCheck(client), { critical: false })
 * ```
 */
export function clientCheck(client: ObservedClient, options: ClientCheckOptions = {}): HealthCheck {
  const check = new OptionCheck('clientCheck()')
  if (typeof client?.$stats !== 'function') check.add('client', 'must be a client of createClient()')
  if (check.object('', options, ['maxQueued'])) {
    check.number('maxQueued', options.maxQueued, { min: 0, integer: true })
  }
  check.done()
  const maxQueued = options.maxQueued ?? clientCheckDefaults.maxQueued

  const run = (): HealthResult => {
    const { endpoints: known, queued, shadow = [] } = client.$stats()
    const refuses = shadow.includes('circuitBreaker') ? isIsolated : isOpen
    const endpoints = known.filter(({ state }) => state !== 'draining')
    const refusing = endpoints.filter(({ circuitBreaker }) => refuses(circuitBreaker?.state))
    const observed = {
      observedValue: refusing.length,
      observedUnit: 'open circuits',
      measurement: 'circuits',
    }
    if (endpoints.length === 0) return { ...observed, status: 'fail', output: 'no endpoint is known' }
    if (refusing.length > 0) {
      const status = refusing.length === endpoints.length ? 'fail' : 'warn'
      const origins = refusing.map(({ origin }) => origin).join(', ')
      return { ...observed, status, output: `the circuit is open: ${origins}` }
    }
    if (queued > maxQueued)
      return { ...observed, status: 'warn', output: `${queued} calls wait for a permit` }
    return { ...observed, status: 'pass' }
  }
  return Object.assign(run, { asksDependency: true })
}

const isIsolated = (state: string | undefined): boolean => state === 'isolated'
const isOpen = (state: string | undefined): boolean => state === 'open' || isIsolated(state)
