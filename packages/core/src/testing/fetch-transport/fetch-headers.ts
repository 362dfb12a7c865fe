import type { Dispatcher } from 'undici'
import type { ResponseHeaders } from '../../foundation/errors/index.js'
import { headerPairs } from '../scripted-transport/request-headers.js'

/** These belong to the connection, which is `fetch`'s own. */
const connectionHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** Codings that every `fetch` undoes. Newer ones know zstd too, so that it has to be avoided. */
const undoneCodings = new Set(['gzip', 'x-gzip', 'deflate', 'br'])

/** A request's headers, as `fetch` takes them. */
export function fetchHeaders(headers: Dispatcher.DispatchOptions['headers']): [string, string][] {
  const pairs: [string, string][] = []
  for (const [name, value] of headerPairs(headers)) {
    const lower = name.toLowerCase()
    if (!connectionHeaders.has(lower))
      pairs.push([name, lower === 'accept-encoding' ? undoable(value) : value])
  }
  return pairs
}

function undoable(acceptEncoding: string): string {
  const codings = acceptEncoding.split(',').map((coding) => coding.trim())
  return codings.filter((coding) => !coding.startsWith('zstd')).join(', ') || 'identity'
}

/** A response's headers, true to the body that `fetch` hands out: it is decompressed already. */
export function responseHeaders(response: Response, method: string): ResponseHeaders {
  const headers: ResponseHeaders = Object.fromEntries(response.headers)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) headers['set-cookie'] = cookies.length === 1 ? (cookies[0] ?? '') : cookies
  const codings = (response.headers.get('content-encoding') ?? '').toLowerCase().split(',')
  if (method !== 'HEAD' && codings.every((coding) => undoneCodings.has(coding.trim()))) {
    delete headers['content-encoding']
    delete headers['content-length']
  }
  return headers
}
