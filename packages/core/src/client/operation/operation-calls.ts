import type { TrafficDecision } from '../../upstream/traffic/index.js'
import type { CallOptions } from '../options/call-options.js'
import type { SafeResult } from './client-types.js'

/** What makes the calls of one operation; `decision` is what has chosen this version of the dependency, if there are several. */
export interface OperationCalls {
  call(
    input: unknown,
    options: CallOptions | undefined,
    decision?: TrafficDecision | undefined,
  ): Promise<unknown>
  safe(
    input: unknown,
    options: CallOptions | undefined,
    decision?: TrafficDecision | undefined,
  ): Promise<SafeResult<unknown>>
}
