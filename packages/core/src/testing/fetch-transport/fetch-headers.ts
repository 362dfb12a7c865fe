import type { Dispatcher } from 'undici'
import type { ResponseHeaders } from '../../errors/index.js'

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
  for (const [name, value] of entriesOf(headers)) {
    const lower = name.toLowerCase()
    if (value === undefined || value === null || connectionHeaders.has(lower)) continue
    for (const one of Array.isArray(value) ? value : [value]) {
      pairs.push([name, lower === 'accept-encoding' ? undoable(String(one)) : String(one)])
    }
  }
  return pairs
}

function* entriesOf(headers: Dispatcher.DispatchOptions['headers']): Iterable<readonly [string, unknown]> {
  if (headers === undefined || headers === null) return
  if (!(Symbol.iterator in headers)) return yield* Object.entries(headers)
  const items = [...(headers as Iterable<unknown>)]
  if (typeof items[0] !== 'string') return yield* items as [string, unknown][]
  for (let index = 0; index < items.length; index += 2) yield [String(items[index]), items[index + 1]]
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
