import {
  checkByRules,
  type OptionCheck,
  type OptionRule,
  type OptionRules,
  show,
} from '../../foundation/config/index.js'
import { priorities } from '../../foundation/priority/index.js'
import { backoffRules, checkBackoffOrder, checkHedgeDelay, hedgeDelayRules } from '../../policies/index.js'
import type { Operation, OperationPolicy, RetrySettings } from './operation.js'

const idempotentMethods: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])

/** Whether the operation may be sent twice without harm, a key included. */
export function isIdempotent({ method, idempotent }: Partial<Operation>): boolean {
  return idempotent === undefined ? idempotentMethods.has(method) : idempotent !== false
}

const isServerError = (status: unknown): boolean =>
  Number.isInteger(status) && Number(status) >= 500 && Number(status) <= 599

const statuses: OptionRule = (check, path, value) =>
  value === undefined ||
  (Array.isArray(value) && value.every(isServerError)) ||
  check.add(path, `must be a list of statuses from 500 to 599, not ${show(value)}`)

const retryRules: OptionRules<RetrySettings> = { ...backoffRules, statuses }

/**
 * Checks times, `retry`, `hedge` and `priority`, wherever they are given: in a contract, for a client or for one of its operations.
 *
 * @param at the path of an option in messages
 * @param operation whose options they are, where they are those of one
 */
export function checkOperationPolicy(
  check: OptionCheck,
  at: (name: string) => string,
  policy: OperationPolicy,
  operation: Partial<Operation> | undefined,
): void {
  const { timeoutMs, attemptTimeoutMs, retry, hedge } = policy
  const areTimes = (['timeoutMs', 'attemptTimeoutMs'] as const)
    .map((name) => policy[name] === false || check.milliseconds(at(name), policy[name]))
    .every(Boolean)
  if (areTimes && timeoutMs && attemptTimeoutMs && attemptTimeoutMs > timeoutMs) {
    const message = `is above ${at('timeoutMs')} (${attemptTimeoutMs} > ${timeoutMs}): an attempt cannot outlast its call`
    check.add(at('attemptTimeoutMs'), `${message}; lower it`)
  }
  if (retry !== false) {
    checkByRules(check, at('retry'), retry, retryRules)
    checkBackoffOrder(check, at('retry'), Object(retry))
  }
  if (typeof hedge !== 'boolean') {
    checkByRules(check, at('hedge'), hedge, hedgeDelayRules)
    checkHedgeDelay(check, at('hedge'), Object(hedge))
  }
  check.oneOf(at('priority'), policy.priority, priorities)
  if (hedge && operation !== undefined && !isIdempotent(operation)) {
    const message = `contradicts the operation, which is not idempotent (${operation.method})`
    check.add(at('hedge'), `${message}; leave it out, or declare idempotent: 'key'`)
  }
}
