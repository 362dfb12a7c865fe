import { OptionCheck, show } from '../../foundation/config/index.js'

/** Headers that may stand in a log. Everything else is left out, so that a new secret is never logged by default. */
const loggedHeaders: readonly string[] = Object.freeze([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'etag',
  'host',
  'if-match',
  'if-none-match',
  'retry-after',
  'server',
  'traceparent',
  'transfer-encoding',
  'user-agent',
  'vary',
  'x-correlation-id',
  'x-request-id',
  'x-request-priority',
  'x-request-timeout-ms',
])

const neverLogged: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
])

/** The headers of a message that may be logged. */
export type HeaderSerializer = (headers: unknown) => Record<string, unknown> | undefined

/**
 * Makes a serializer of headers that lets the usual ones and `further` through.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `further` holds what always carries a secret.
 */
export function headerSerializer(further: readonly string[] = []): HeaderSerializer {
  const check = new OptionCheck('logged headers')
  for (const name of further) {
    if (typeof name !== 'string') check.add('headers', `must hold names of headers, not ${show(name)}`)
    else if (neverLogged.has(name.toLowerCase()))
      check.add('headers', `must not hold ${name}: it carries secrets`)
  }
  check.done()
  const allowed = new Set([...loggedHeaders, ...further.map((name) => name.toLowerCase())])
  return (headers) => {
    if (typeof headers !== 'object' || headers === null) return undefined
    const logged: Record<string, unknown> = {}
    for (const [name, value] of entriesOf(headers)) {
      const lower = String(name).toLowerCase()
      if (allowed.has(lower)) logged[lower] = value
    }
    return logged
  }
}

/** Of a plain object, or of a `Headers`. */
function entriesOf(headers: object): Iterable<readonly [unknown, unknown]> {
  return 'entries' in headers && typeof headers.entries === 'function'
    ? headers.entries()
    : Object.entries(headers)
}
