/** Headers that frame the message or belong to the connection: the transport's business alone. */
const transportHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const tokenPattern = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/

/** Why a field of the input cannot be sent in the header `name`; `undefined` when it can. */
export function headerNameProblem(name: unknown): string | undefined {
  if (typeof name !== 'string' || !tokenPattern.test(name)) return 'is not a valid header name'
  const lower = name.toLowerCase()
  if (lower in Object.prototype) return 'is a name that objects have themselves: use another header'
  if (transportHeaders.has(lower)) return 'frames the message or the connection: the transport sets it'
  return undefined
}
