import type { ServerResponse } from 'node:http'
import type { ProblemResponse } from '@holdfast/core/server'

export function sendProblem(response: ServerResponse, { status, headers, body }: ProblemResponse): void {
  for (const name of ['content-encoding', 'content-length', 'etag', 'last-modified'])
    response.removeHeader(name)
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
