import { STATUS_CODES } from 'node:http'
import { chaosHeader } from '../../../foundation/errors/index.js'
import type { HttpResponse } from '../../../http/message/index.js'
import type { ChaosAnswer } from '../../../policies/index.js'

/** An answer as it would have come over the wire. */
export interface InjectedAnswer extends HttpResponse {
  readonly headers: Record<string, string>
  readonly body: Buffer
}

/** The answer that chaos gives in place of a service: a problem that says where it comes from. */
export function injectedAnswer({ status, retryAfterMs }: ChaosAnswer, method: string): InjectedAnswer {
  const problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: 'injected by chaos',
  }
  const body = Buffer.from(JSON.stringify(problem))
  return {
    status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'content-length': String(body.byteLength),
      'cache-control': 'no-store',
      [chaosHeader]: 'status',
      ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
    },
    body: method === 'HEAD' ? Buffer.alloc(0) : body,
  }
}
