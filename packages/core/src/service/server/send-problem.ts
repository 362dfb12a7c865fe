import type { ServerResponse } from 'node:http'
import type { ProblemResponse } from '../problems/index.js'

/** The headers that speak of one answer's content: an answer that is abandoned takes them with it. */
export const entityHeaders: readonly string[] = Object.freeze([
  'accept-ranges',
  'content-digest',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'etag',
  'expires',
  'last-modified',
  'repr-digest',
  'trailer',
  'transfer-encoding',
])

/**
 * Answers with a problem in place of whatever has been prepared. Half an answer cannot be taken back: then the
 * connection is closed, so that nobody takes it for a whole one.
 */
export function sendProblem(response: ServerResponse, { status, headers, body }: ProblemResponse): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  for (const name of entityHeaders) response.removeHeader(name)
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
