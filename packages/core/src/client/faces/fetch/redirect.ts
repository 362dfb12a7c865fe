import { showUrl } from '../../../foundation/config/index.js'
import { InvalidResponseError } from '../../../foundation/errors/index.js'
import type { HttpResponse, ResponseHead } from '../../../http/message/index.js'
import type { FetchHop } from './fetch-call.js'
import { requestPath } from './request-path.js'

/** As the Fetch standard has it. */
export const maxRedirects = 20

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const bodyHeaders = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
]
const credentials = ['authorization', 'cookie', 'host', 'proxy-authorization']

/** Whether an answer sends its reader elsewhere. */
export function isRedirect({ status, headers }: ResponseHead): boolean {
  return redirectStatuses.has(status) && headers.location !== undefined
}

/**
 * Where a redirect leads, and with what: "HTTP-redirect fetch" of the Fetch standard.
 *
 * @throws {InvalidResponseError} `INVALID_RESPONSE` where it cannot be followed.
 */
export function nextHop(hop: FetchHop, response: HttpResponse): FetchHop {
  const { status } = response
  const url = targetOf(hop, response)
  const isSameOrigin = url.origin === hop.origin
  const dropsBody =
    (status === 303 && hop.method !== 'GET' && hop.method !== 'HEAD') ||
    ((status === 301 || status === 302) && hop.method === 'POST')
  if (!dropsBody && !hop.replayable)
    throw refuse(hop, response, 'asks for a body again that can be read once')
  const headers = { ...hop.headers }
  if (dropsBody) for (const name of bodyHeaders) delete headers[name]
  if (!isSameOrigin) for (const name of credentials) delete headers[name]
  return {
    url,
    origin: url.origin,
    path: requestPath(url),
    method: dropsBody ? 'GET' : hop.method,
    headers,
    body: dropsBody ? undefined : hop.body,
    replayable: dropsBody || hop.replayable,
  }
}

function targetOf(hop: FetchHop, response: HttpResponse): URL {
  const { location } = response.headers
  const text = bytesEncoded(Array.isArray(location) ? location[0] : location)
  if (text === undefined || !URL.canParse(text, hop.url.href)) throw refuse(hop, response, 'leads to no URL')
  const url = new URL(text, hop.url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refuse(hop, response, `leads to ${url.protocol}`)
  }
  const isNamed = url.username !== '' || url.password !== ''
  if (isNamed && url.origin !== hop.origin) throw refuse(hop, response, 'carries a user name or password')
  if (url.hash === '') url.hash = hop.url.hash
  return url
}

/** `location` with the bytes beyond ASCII, which come as latin-1, percent-encoded: in whatever encoding, they go back. */
function bytesEncoded(location: string | undefined): string | undefined {
  return location?.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** The error of a redirect that is not followed. */
export function refuse(
  { method, origin }: FetchHop,
  { status, headers }: HttpResponse,
  message: string,
): InvalidResponseError {
  const location = showUrl(String(headers.location).slice(0, 200))
  return new InvalidResponseError(
    `${method} ${origin}`,
    { status, problems: [{ path: 'location', message: `the redirect ${message}` }], snippet: location },
    { phase: 'reading' },
  )
}
