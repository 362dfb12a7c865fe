import type { Dispatcher } from 'undici'
import { isRepeatable } from '../fetch/fetch-call.js'

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
  if (hasKey(headers)) return true
  return idempotent ?? isRepeatable(method, {})
}

const isKey = (name: unknown): boolean => String(name).toLowerCase() === 'idempotency-key'

/** undici takes headers as an object, as a flat list, and as pairs. */
function hasKey(headers: Dispatcher.DispatchOptions['headers']): boolean {
  if (headers === undefined || headers === null) return false
  if (Array.isArray(headers)) return headers.some((name, index) => index % 2 === 0 && isKey(name))
  if (Symbol.iterator in headers) {
    for (const [name] of headers as Iterable<[string, unknown]>) if (isKey(name)) return true
    return false
  }
  return Object.keys(headers).some(isKey)
}
