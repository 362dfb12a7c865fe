import type { HeaderSerializer } from './header-allow-list.js'
import { redactUrl } from './redact-url.js'
import { type LoggedError, serializeError } from './serialize-error.js'

type Serializer = (value: unknown) => unknown

/** What is done to fields of these names, whoever logs them. */
export function fieldSerializers(headers: HeaderSerializer): Record<string, Serializer> {
  return {
    err: errorOnly,
    error: errorOnly,
    headers,
    url: urlOnly,
    req: (request) => message(request, ['method'], headers),
    res: (response) => message(response, ['statusCode', 'status'], headers),
  }
}

/** A plain object has been serialized already, or is no error. */
function errorOnly(value: unknown): LoggedError | unknown {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
    ? serializeError(value)
    : value
}

function urlOnly(value: unknown): unknown {
  if (typeof value === 'string') return redactUrl(value)
  return value instanceof URL ? redactUrl(value.href) : value
}

function message(value: unknown, names: readonly string[], headers: HeaderSerializer): unknown {
  if (typeof value !== 'object' || value === null) return value
  const source = value as Record<string, unknown>
  const logged: Record<string, unknown> = {}
  for (const name of names) if (source[name] !== undefined) logged[name] = source[name]
  const url = source.originalUrl ?? source.url
  if (url !== undefined) logged.url = urlOnly(url)
  const given = typeof source.getHeaders === 'function' ? source.getHeaders() : source.headers
  if (given !== undefined) logged.headers = headers(given)
  return logged
}
