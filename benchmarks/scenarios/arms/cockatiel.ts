import {
  bulkhead,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  SamplingBreaker,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import { type Arm, maxAttempts } from './arm.js'
import { undiciSender } from './send-request.js'

/** retry, sampling breaker, timeout and bulkhead, in the order and with the figures of cockatiel's own examples. */
export const cockatiel: Arm = {
  name: 'cockatiel',
  canBeSimulated: true,
  connect(target, settings) {
    const { send, close } = undiciSender(target, settings)
    const policy = wrap(
      retry(handleAll, { maxAttempts: maxAttempts - 1, backoff: new ExponentialBackoff() }),
      circuitBreaker(handleAll, {
        halfOpenAfter: 10_000,
        breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
      }),
      timeout(settings.attemptTimeoutMs, TimeoutStrategy.Aggressive),
      bulkhead(200, 1_000),
    )
    return { call: (path) => policy.execute(({ signal }) => send(path, signal)), close }
  },
}
