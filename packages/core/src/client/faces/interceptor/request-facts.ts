import type { Dispatcher } from 'undici'
import { isRepeatable } from '../fetch/fetch-call.js'
import { hasHeader } from './request-headers.js'

/** Whether a body can be sent by every attempt. undici reads a form and a Blob afresh each time, a stream once. */
export function isReplayableBody(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer || Array.isArray(body)) return true
  // Also those of another copy of undici.
  const tag = (body as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]
  return tag === 'FormData' || tag === 'Blob' || tag === 'File'
}

/** Whether a request may be sent twice without harm: it says so, its method does, or its key. */
export function mayRepeat({ method, headers, idempotent }: Dispatcher.DispatchOptions): boolean {
  if (hasHeader(headers, 'idempotency-key')) return true
  return idempotent ?? isRepeatable(method, {})
}
