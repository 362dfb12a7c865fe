import {
  AttemptTimeoutError,
  ConnectFailedError,
  ConnectionLostError,
  isHoldfastError,
  markInjected,
} from '../../foundation/errors/index.js'
import type { Execution } from '../kernel/index.js'
import { sleep } from '../kernel/index.js'
import type { ChaosAnswer, ChaosInjection } from './chaos-faults.js'

/**
 * Does to a call what was drawn for it: holds it up, then fails. Gives the answer that stands in for the real one;
 * `undefined` when the call is to go on. An abort ends it at once.
 */
export async function injectFault(
  { kind, latencyMs, answer, makeError }: ChaosInjection,
  execution: Execution,
): Promise<ChaosAnswer | undefined> {
  if (latencyMs > 0) await injectLatency(latencyMs, execution)
  switch (kind) {
    case 'latency':
      return undefined
    case 'status':
      return answer
    case 'connection':
      throw markInjected(new ConnectFailedError('no connection (injected by chaos)', 'refused'))
    case 'reset':
      throw markInjected(
        new ConnectionLostError('the connection broke (injected by chaos)', { phase: 'waiting' }),
      )
    case 'timeout':
      if (execution.remainingMs() !== Number.POSITIVE_INFINITY) {
        await injectLatency(Number.POSITIVE_INFINITY, execution)
      }
      throw markInjected(new AttemptTimeoutError('no answer came (injected by chaos)', { phase: 'waiting' }))
    case 'custom': {
      const error = await makeError?.()
      if (error === undefined) return undefined
      throw markInjected(error)
    }
  }
}

/** The timeout that ends an injected wait is injected as well; other aborts are the caller's. */
async function injectLatency(ms: number, execution: Execution): Promise<void> {
  try {
    await sleep(ms, execution, 'waiting')
  } catch (error) {
    const isTimeout = isHoldfastError(error, 'ATTEMPT_TIMEOUT') || isHoldfastError(error, 'DEADLINE_EXCEEDED')
    throw isTimeout ? markInjected(error) : error
  }
}
