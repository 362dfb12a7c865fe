import type { Dispatcher } from 'undici'
import type { HttpResponse } from '../../http/message/index.js'
import type { TransportRequest } from '../../http/transport/index.js'
import type { Execution } from '../../policies/index.js'
import type { CallTrace } from '../../telemetry/tracing/index.js'
import type { Send } from '../slots/chaos/chaotic-send.js'

/** A call whose attempts are traced. */
export interface TracedCall {
  readonly trace: CallTrace | undefined
  /** Whether the span may write itself into the headers: not to foreign hosts, nor over a trace of the caller's own. */
  readonly injects: boolean
}

/** Sends one attempt by `send`, in a span of its own where the call is traced. */
export function sendAttempt(
  send: Send,
  { trace, injects }: TracedCall,
  dispatcher: Dispatcher,
  request: TransportRequest,
  execution: Execution,
): Promise<HttpResponse> {
  return trace === undefined
    ? send(dispatcher, request, execution)
    : sendTraced(send, { trace, injects }, dispatcher, request, execution)
}

async function sendTraced(
  send: Send,
  { trace, injects }: TracedCall & { readonly trace: CallTrace },
  dispatcher: Dispatcher,
  request: TransportRequest,
  execution: Execution,
): Promise<HttpResponse> {
  const attempt = trace.startAttempt(request.origin + request.path)
  const headers = { ...request.headers }
  if (injects) attempt.inject(headers)
  try {
    const received = await attempt.run(() => send(dispatcher, { ...request, headers }, execution))
    attempt.end(received.status)
    return received
  } catch (error) {
    attempt.end(0, error)
    throw error
  }
}
