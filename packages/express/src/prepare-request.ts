import type { IncomingMessage, ServerResponse } from 'node:http'
import { prepareToBind } from '@holdfast/core/server'

/** What Express sets on every request and response. */
interface Prepared {
  res?: unknown
  next?: unknown
  baseUrl?: unknown
  originalUrl?: unknown
  _parsedUrl?: unknown
  params?: unknown
  locals?: unknown
}

/**
 * Adds what Express is going to set, before it does. Express changes the prototype of each request and response, and
 * from then on V8 takes 2 us for every property that is new: more than all that this middleware does.
 */
export function prepareRequest(
  request: IncomingMessage & Prepared,
  response: ServerResponse & Prepared,
): void {
  prepareToBind(request, response)
  request.res = undefined
  request.next = undefined
  request.baseUrl = undefined
  request.originalUrl = undefined
  request._parsedUrl = undefined
  request.params = undefined
  response.locals = undefined
}
