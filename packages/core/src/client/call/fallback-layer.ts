import type { HoldfastError } from '../../foundation/errors/index.js'
import type { Emitter } from '../../foundation/events/index.js'
import { type Execution, fallback } from '../../policies/index.js'
import type { ClientEvents } from '../../telemetry/events/index.js'
import { namesOf } from '../attempt/named-call.js'
import type { Layer } from '../slots/policy-slot.js'
import { isCallersFault } from './callers-fault.js'
import { describeError } from './describe-error.js'
import type { RunningCall } from './running-call.js'

/** What stands in for the answers of a dependency. */
interface FallbackParts<Call extends RunningCall> {
  readonly events: Emitter<ClientEvents>
  dependencyOf(call: Call): string
  /** Makes the answer that stands in, or a promise of it. */
  standIn(error: HoldfastError, call: Call): unknown
}

/** The layer that answers what the dependency cannot; what is the caller's own fault it leaves alone. */
export function fallbackLayer<Call extends RunningCall>(parts: FallbackParts<Call>): Layer<Call> {
  const { events } = parts
  const policy = fallback(
    (error: unknown, context: unknown) => {
      const call = (context as Execution).data as Call
      // Of an answer that was refused.
      call.status = 0
      const described = describeError(error, call, parts.dependencyOf(call)) as HoldfastError
      return inTime(call, error, parts.standIn(described, call))
    },
    { when: (error) => !isCallersFault(error) },
  )
  policy.on('fallback', ({ error, execution }) => {
    const dependency = parts.dependencyOf(execution.data as Call)
    events.emit('fallback', { dependency, ...namesOf(execution), error: error as never })
  })
  return (next) => policy.link(next)
}

/** What a fallback has after the deadline, in milliseconds: it is there for calls that have used up their time. */
const graceMs = 1_000

/** The answer of a fallback, or the call's own error when the fallback hangs. */
function inTime({ timeoutMs, startedAt }: RunningCall, error: unknown, answer: unknown): unknown {
  if (typeof (answer as { then?: unknown } | null | undefined)?.then !== 'function') return answer
  const leftMs = (timeoutMs ?? 0) - (performance.now() - startedAt)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, Math.max(leftMs, graceMs), error)
    Promise.resolve(answer)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}
