/** What stands in place of a secret. */
const redacted = '[redacted]'

const secretWords: ReadonlySet<string> = new Set([
  'auth',
  'authorization',
  'code',
  'credential',
  'credentials',
  'hmac',
  'jwt',
  'key',
  'otp',
  'pass',
  'passcode',
  'passphrase',
  'passwd',
  'password',
  'pin',
  'pwd',
  'secret',
  'session',
  'sessionid',
  'sid',
  'sig',
  'signature',
  'ticket',
  'token',
])

/** Words that give a name away wherever they stand in it: `accesstoken`, `APIKEY`. */
const secretParts =
  /token|secret|passw|passphrase|signature|credential|api_?key|access_?key|private_?key|session/
const wordBoundary = /[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/
const jsonWebToken = /^eyJ[\w-]+\.[\w-]+/
const mayHoldSecrets = /[?#@]/
const credentials = /^([a-z][a-z0-9+.-]*:)?(\/\/)[^/?#]*@/i
const urlInText = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>`]+/gi
const encodedSeparator = /%(?:3[adf]|26|40|25)/i

/** Nested encodings are followed this far; what is encoded more often is not shown. */
const maxNesting = 3

/**
 * A URL or a path without its credentials and without the values of query parameters that look like secrets, by their
 * names (`token`, `apiKey`, `X-Amz-Signature`, `code`) or by themselves (a JSON Web Token, a URL with such a parameter).
 *
 * @example
 * ```ts
 * import { redactUrl } from '@holdfast/core'
 *
 * console.log(redactUrl('/callback?code=4711&lang=en')) // /callback?code=[redacted]&lang=en
 * ```
 */
export function redactUrl(url: string): string {
  return redactNested(url, 0)
}

function redactNested(url: string, depth: number): string {
  if (!mayHoldSecrets.test(url)) return url
  const query = firstOf(url, '?', '#')
  const target = url.includes('@') ? withoutCredentials(url, query) : url.slice(0, query)
  return query === url.length ? target : target + redactParts(url.slice(query), depth)
}

function firstOf(url: string, ...separators: readonly string[]): number {
  const found = separators.map((separator) => url.indexOf(separator)).filter((index) => index >= 0)
  return found.length === 0 ? url.length : Math.min(...found)
}

function withoutCredentials(url: string, end: number): string {
  return url.slice(0, end).replace(credentials, `$1$2${redacted}@`)
}

/** The query and the fragment, separators included. */
function redactParts(parts: string, depth: number): string {
  if (!parts.includes('=')) return parts
  return parts
    .split(/([?&;#])/)
    .map((part) => redactParameter(part, depth))
    .join('')
}

function redactParameter(part: string, depth: number): string {
  const equals = part.indexOf('=')
  if (equals < 0) return part
  const name = part.slice(0, equals)
  const value = part.slice(equals + 1)
  if (value === '') return part
  return isSecretName(decode(name)) || isSecretValue(value, depth) ? `${name}=${redacted}` : part
}

/** Whether a parameter of this name is likely to carry a secret. */
function isSecretName(name: string): boolean {
  return (
    secretParts.test(name.toLowerCase().replaceAll('-', '_')) ||
    name.split(wordBoundary).some((word) => secretWords.has(word.toLowerCase()))
  )
}

function isSecretValue(value: string, depth: number): boolean {
  if (jsonWebToken.test(value)) return true
  let inner = value
  for (let level = depth; encodedSeparator.test(inner); level++) {
    if (level >= maxNesting) return true
    const decoded = decode(inner)
    if (decoded === inner) return false
    if (redactNested(decoded, level + 1) !== decoded) return true
    inner = decoded
  }
  return false
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** A text whose URLs are redacted. */
export function redactText(text: string): string {
  return text.includes('://') ? text.replace(urlInText, redactUrl) : text
}
