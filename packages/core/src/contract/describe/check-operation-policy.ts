import { type OptionCheck, show } from '../../foundation/config/index.js'
import { priorities } from '../../foundation/priority/index.js'
import type { HedgeSettings, Operation, OperationPolicy, RetrySettings } from './operation.js'

const idempotentMethods: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])

/** Whether the operation may be sent twice without harm, a key included. */
export function isIdempotent({ method, idempotent }: Partial<Operation>): boolean {
  return idempotent === undefined ? idempotentMethods.has(method) : idempotent !== false
}

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
  if (retry !== false) checkRetry(check, at('retry'), retry)
  if (typeof hedge !== 'boolean') checkHedge(check, at('hedge'), hedge)
  check.oneOf(at('priority'), policy.priority, priorities)
  if (hedge && operation !== undefined && !isIdempotent(operation)) {
    const message = `contradicts the operation, which is not idempotent (${operation.method})`
    check.add(at('hedge'), `${message}; leave it out, or declare idempotent: 'key'`)
  }
}

function checkRetry(check: OptionCheck, path: string, retry: RetrySettings | undefined): void {
  if (!check.object(path, retry, ['maxAttempts', 'baseMs', 'maxMs', 'statuses'])) return
  const { maxAttempts, baseMs, maxMs, statuses } = retry ?? {}
  check.number(`${path}.maxAttempts`, maxAttempts, { min: 1, max: 100, integer: true })
  const areTimes = [
    check.milliseconds(`${path}.baseMs`, baseMs, { exclusive: false }),
    check.milliseconds(`${path}.maxMs`, maxMs, { exclusive: false }),
  ].every(Boolean)
  if (areTimes && baseMs !== undefined && maxMs !== undefined && baseMs > maxMs) {
    check.add(`${path}.baseMs`, `is above ${path}.maxMs (${baseMs} > ${maxMs})`)
  }
  if (statuses === undefined) return
  const isServerError = (status: unknown) =>
    Number.isInteger(status) && Number(status) >= 500 && Number(status) <= 599
  if (!Array.isArray(statuses) || !statuses.every(isServerError)) {
    check.add(`${path}.statuses`, `must be a list of statuses from 500 to 599, not ${show(statuses)}`)
  }
}

function checkHedge(check: OptionCheck, path: string, hedge: HedgeSettings | undefined): void {
  if (!check.object(path, hedge, ['delayMs', 'quantile'])) return
  const { delayMs, quantile } = hedge ?? {}
  check.milliseconds(`${path}.delayMs`, delayMs)
  check.number(`${path}.quantile`, quantile, { min: 0.5, max: 0.9999 })
  if (delayMs !== undefined && quantile !== undefined) {
    check.add(`${path}.delayMs`, `contradicts ${path}.quantile; give one of them`)
  }
}
