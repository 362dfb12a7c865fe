import { ConfigInvalidError } from '../../foundation/errors/index.js'
import type { Step } from './execution.js'
import { BasePolicy, type Policy } from './policy.js'

class ComposedPolicy extends BasePolicy {
  readonly #policies: readonly Policy[]

  constructor(policies: readonly Policy[]) {
    super()
    this.#policies = policies
  }

  link<Data>(next: Step<Data>): Step<Data> {
    return this.#policies.reduceRight((step, policy) => policy.link(step), next)
  }
}

/**
 * One policy out of several, outermost first: `compose(timeout, retry)` bounds all attempts together,
 * `compose(retry, timeout)` each of them. Policies keep their own state, so the same `circuitBreaker` in two
 * compositions counts for both.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` without a policy, or with something that is none.
 * @example
 * ```ts
 * import { bulkhead, circuitBreaker, compose, retry, timeout } from '@holdfast/core'
 *
 * const policy = compose(
 *   timeout({ timeoutMs: 10_000 }),
 *   retry({ maxAttempts: 3 }),
 *   circuitBreaker(),
 *   bulkhead({ maxConcurrent: 50 }),
 * )
 * ```
 */
export function compose(...outermostFirst: Policy[]): Policy {
  const problems = outermostFirst.flatMap((policy, index) =>
    typeof (policy as Partial<Policy> | undefined)?.link === 'function'
      ? []
      : [
          {
            path: `${index}`,
            message: 'is not a policy; pass what timeout(), retry() and the others return',
          },
        ],
  )
  if (outermostFirst.length === 0) problems.push({ path: '', message: 'takes at least one policy' })
  if (problems.length > 0) throw new ConfigInvalidError('compose()', problems)
  return new ComposedPolicy(outermostFirst)
}
