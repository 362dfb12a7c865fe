import type { Priority } from '../../foundation/priority/index.js'
import type { ActiveContext } from '../../telemetry/context/index.js'
import type { CallTrace } from '../../telemetry/tracing/index.js'
import type { WatchedCall } from './settle-call.js'

/** One call of any face, as the `data` of its execution. */
export interface RunningCall extends WatchedCall {
  /** Of the request that it is made for. */
  readonly context: ActiveContext | undefined
  /** Its own; `undefined` where it is that of the request that it is made for. */
  readonly priority: Priority | undefined
  /** Its total time, in milliseconds; `undefined` for no limit. */
  timeoutMs: number | undefined
  trace: CallTrace | undefined
  status: number
}
