import { type OptionCheck, show } from '../config/index.js'
import type { HedgeSettings, Operation, RetrySettings } from '../contract/index.js'
import { isIdempotent } from './call.js'
import type { CallPolicyOptions } from './client-options.js'

const names = ['timeoutMs', 'attemptTimeoutMs', 'idleTimeoutMs', 'retry', 'hedge', 'fallback']

/** Checks the policy options at `path`; `operation` where they are those of one operation. */
export function checkCallPolicy(
  check: OptionCheck,
  path: string,
  options: CallPolicyOptions | undefined,
  operation?: Operation,
): void {
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  if (options === undefined || (path !== '' && !check.object(path, options, names))) return
  const { timeoutMs, attemptTimeoutMs, retry, hedge } = options
  const areTimes = (['timeoutMs', 'attemptTimeoutMs', 'idleTimeoutMs'] as const)
    .map((name) => options[name] === false || check.milliseconds(at(name), options[name]))
    .every(Boolean)
  if (areTimes && timeoutMs && attemptTimeoutMs && attemptTimeoutMs > timeoutMs) {
    check.add(
      at('attemptTimeoutMs'),
      `is above ${at('timeoutMs')} (${attemptTimeoutMs} > ${timeoutMs}): an attempt cannot outlast its call; lower it`,
    )
  }
  if (retry !== false) checkRetry(check, at('retry'), retry)
  if (typeof hedge !== 'boolean') checkHedge(check, at('hedge'), hedge)
  if (hedge && operation !== undefined && !isIdempotent(operation)) {
    check.add(
      at('hedge'),
      `contradicts the operation, which is not idempotent (${operation.method}); leave it out, or declare idempotent: 'key'`,
    )
  }
  if (options.fallback !== false) check.function(at('fallback'), options.fallback)
}

function checkRetry(check: OptionCheck, path: string, retry: RetrySettings | undefined): void {
  if (!check.object(path, retry, ['maxAttempts', 'baseMs', 'maxMs', 'statuses']) || retry === undefined)
    return
  check.number(`${path}.maxAttempts`, retry.maxAttempts, { min: 1, max: 100, integer: true })
  check.milliseconds(`${path}.baseMs`, retry.baseMs, { exclusive: false })
  check.milliseconds(`${path}.maxMs`, retry.maxMs, { exclusive: false })
  const { baseMs, maxMs, statuses } = retry
  if (baseMs !== undefined && maxMs !== undefined && baseMs > maxMs) {
    check.add(`${path}.baseMs`, `is above ${path}.maxMs (${baseMs} > ${maxMs})`)
  }
  if (statuses === undefined) return
  const fits =
    Array.isArray(statuses) && statuses.every((one) => Number.isInteger(one) && one >= 500 && one <= 599)
  if (!fits)
    check.add(`${path}.statuses`, `must be a list of statuses from 500 to 599, not ${show(statuses)}`)
}

function checkHedge(check: OptionCheck, path: string, hedge: HedgeSettings | undefined): void {
  if (!check.object(path, hedge, ['delayMs', 'quantile']) || hedge === undefined) return
  check.milliseconds(`${path}.delayMs`, hedge.delayMs)
  check.number(`${path}.quantile`, hedge.quantile, { min: 0.5, max: 0.9999 })
  if (hedge.delayMs !== undefined && hedge.quantile !== undefined) {
    check.add(`${path}.delayMs`, `and ${path}.quantile contradict each other; give one of them`)
  }
}
