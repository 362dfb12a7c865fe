import { redactUrl } from '../logging/index.js'
import { methodAttributes } from './http-method.js'
import type { SpanAttributeValues } from './span-attributes.js'

/** The part of node's `IncomingMessage` that a span tells of. */
export interface ReceivedRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** What Express keeps while mounted routers shorten `url`. */
  readonly originalUrl?: string | undefined
  readonly httpVersion?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly socket?: object | undefined
}

/** What a caller sends may be of any length. */
const maxLength = 1_024

/** The attributes that a SERVER span begins with. */
export function requestAttributes(request: ReceivedRequest): SpanAttributeValues {
  const { headers, httpVersion, method = 'GET' } = request
  const isEncrypted = (request.socket as { encrypted?: unknown } | undefined)?.encrypted === true
  const attributes: SpanAttributeValues = {
    ...methodAttributes(method),
    'url.scheme': isEncrypted ? 'https' : 'http',
  }
  addTarget(attributes, request.originalUrl ?? request.url ?? '/')
  const userAgent = headers['user-agent']
  if (typeof userAgent === 'string') attributes['user_agent.original'] = userAgent.slice(0, maxLength)
  if (httpVersion !== undefined) attributes['network.protocol.version'] = httpVersion.replace(/\.0$/, '')
  addAddress(attributes, headers.host, isEncrypted)
  return attributes
}

function addTarget(attributes: SpanAttributeValues, url: string): void {
  const target = redactUrl(url)
  const query = target.indexOf('?')
  attributes['url.path'] = (query < 0 ? target : target.slice(0, query)).slice(0, maxLength)
  if (query >= 0 && query < target.length - 1) {
    attributes['url.query'] = target.slice(query + 1, query + 1 + maxLength)
  }
}

const hostHeader = /^(\[[\da-f:.]+\]|[^:/?#@\s]{1,255})(?::(\d{1,5}))?$/i

function addAddress(attributes: SpanAttributeValues, host: unknown, isEncrypted: boolean): void {
  const [, address, port] = typeof host === 'string' ? (hostHeader.exec(host) ?? []) : []
  if (address === undefined) return
  attributes['server.address'] = address.replace(/^\[|\]$/g, '')
  attributes['server.port'] = port === undefined ? (isEncrypted ? 443 : 80) : Number(port)
}
