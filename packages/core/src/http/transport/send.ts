import type { Dispatcher } from 'undici'
import type { Execution } from '../../policies/index.js'
import type { HttpResponse } from '../message/index.js'
import { Exchange } from './exchange.js'
import type { TransportRequest } from './transport-request.js'

/**
 * Sends one request through `dispatcher`. Settles once: with the response, with a mapped error, or as soon as
 * `execution` is aborted, with its reason. Whatever of the request cannot be stopped at once, and a streamed response
 * until its end, lingers on the execution.
 */
export function send(
  dispatcher: Dispatcher,
  request: TransportRequest,
  execution: Execution,
): Promise<HttpResponse> {
  if (execution.aborted) return Promise.reject(execution.reason)
  return new Promise((resolve, reject) => {
    new Exchange(dispatcher, request, execution, resolve, reject).start()
  })
}
