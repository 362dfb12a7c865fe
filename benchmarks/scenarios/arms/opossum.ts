import Opossum from 'opossum'
import pRetry from 'p-retry'
import { type Arm, maxAttempts } from './arm.js'
import { undiciSender } from './send-request.js'

/** opossum inside of p-retry, both with their defaults. */
export const opossumPRetry: Arm = {
  name: 'opossum + p-retry',
  canBeSimulated: true,
  connect(target, settings) {
    const { send, close } = undiciSender(target, settings)
    // The request has a limit of its own, which also ends it; opossum's would let it go on.
    const breaker = new Opossum((path: string) => send(path), { timeout: false })
    return {
      call: (path) => pRetry(() => breaker.fire(path), { retries: maxAttempts - 1 }),
      close: () => {
        breaker.shutdown()
        return close()
      },
    }
  },
}
