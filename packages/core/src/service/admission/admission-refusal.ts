import { errorCodes } from '../../foundation/errors/index.js'
import type { ActiveContext } from '../../telemetry/context/index.js'
import { ProblemError } from '../problems/index.js'

/** Why a request was not let in. `deadline`: nobody waits for its answer any more. */
export type AdmissionReason = 'deadline' | 'queue full' | 'queue timeout' | 'shed'

/** What admission in shadow would have done to a request; `queued`: it would have had it wait. */
export type ShadowReason = 'deadline' | 'queue full' | 'queued'

/** Callers that were refused together shall not come back together: each is given one of so many seconds. */
const retryAfterSeconds = [1, 2, 3] as const

/** What a refusal depends on besides its reason. */
export interface RefusalFacts {
  readonly context: ActiveContext
  /** Whether it is overload that lasts, and not just a burst. */
  readonly isOverloaded: boolean
  readonly now: number
}

/** What a request that is not let in is answered with. */
export function refusalOf(
  reason: AdmissionReason,
  { context, isOverloaded, now }: RefusalFacts,
): ProblemError {
  if (reason === 'deadline') {
    return new ProblemError(504, errorCodes.DEADLINE_EXCEEDED.meaning, {
      headers: { 'x-should-retry': 'false' },
      extensions: { code: 'DEADLINE_EXCEEDED' },
    })
  }
  const seconds = retryAfterSeconds[Math.floor(Math.random() * retryAfterSeconds.length)] ?? 1
  const headers: Record<string, string> = { 'retry-after': String(seconds) }
  // Overload sheds retries too, and one that waits as long as it is asked to may come when its time is up.
  if (isOverloaded || context.deadline - now <= seconds * 1_000) headers['x-should-retry'] = 'false'
  return new ProblemError(503, 'the service has more to do than it can', { headers, extensions: { reason } })
}
