import { ReadableStream } from 'node:stream/web'
import { isAbortSignal } from '../../../foundation/cancellation/index.js'
import { show, showUrl } from '../../../foundation/config/index.js'
import { InvalidInputError, type Problem } from '../../../foundation/errors/index.js'
import { cancel, type FetchBody, noBody, readBody, readRequestBody } from './fetch-body.js'
import { refuseOptions } from './refuse-options.js'

/** What `fetch` takes as its first argument. */
export type FetchInput = string | URL | Request

/** One request, before its first attempt. */
export interface FetchRequest {
  readonly url: URL
  readonly method: string
  /** Lower-case names; those of the options included. */
  readonly headers: Record<string, string>
  readonly body: FetchBody
  /** The body of a `Request`, still to be read. */
  readonly lateBody: (() => Promise<FetchBody>) | undefined
  readonly redirect: 'follow' | 'error' | 'manual'
  readonly signal: AbortSignal | undefined
  /** Lets go of a body that has not been read. */
  readonly cancelBody: (reason: unknown) => void
}

/** What requests are completed with. */
export interface RequestDefaults {
  readonly base: { readonly origin: string; readonly basePath: string } | undefined
  readonly headers: Readonly<Record<string, string>>
}

const absolute = /^[a-z][a-z0-9+.-]*:/i
const normalised = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'])
const refusedMethods = new Set(['CONNECT', 'TRACE', 'TRACK'])
/** Headers that HTTP itself needs to set; `content-length` and `connection` may be given where they are right. */
const refusedHeaders = ['expect', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']

/**
 * Reads the arguments of a call as `fetch` does.
 *
 * @throws {InvalidInputError} `INVALID_INPUT`, naming everything that is wrong at once.
 */
export function readRequest(
  input: FetchInput,
  init: RequestInit | undefined,
  defaults: RequestDefaults,
): FetchRequest {
  const problems: Problem[] = []
  const source = isRequest(input) ? input : undefined
  const url = readUrl(source?.url ?? input, defaults, problems)
  const method = readMethod(init?.method ?? source?.method, problems)
  const { body, lateBody } = bodyOf(source, init, method, problems)
  const given = init?.headers ?? source?.headers
  const headers = headersOf(given, body, defaults.headers, problems)
  const redirect = init?.redirect ?? source?.redirect ?? 'follow'
  if (redirect !== 'follow' && redirect !== 'error' && redirect !== 'manual') {
    problems.push({ path: 'redirect', message: `must be follow, error or manual, not ${show(redirect)}` })
  }
  const signal = (init?.signal === undefined ? source?.signal : init.signal) ?? undefined
  if (signal !== undefined && !isAbortSignal(signal)) {
    problems.push({ path: 'signal', message: 'must be an AbortSignal' })
  }
  if (init) refuseOptions(init, problems)
  if (problems.length > 0) throw new InvalidInputError('fetch()', problems)
  const cancelBody = (reason: unknown): void => cancel(init?.body ?? source?.body, reason)
  return { url, method, headers, body, lateBody, redirect, signal, cancelBody }
}

/** What is wrong with a header, without its value, which may be a token. */
function withoutValue({ message }: Error): string {
  return message.replace(/".*"/s, 'a value')
}

/** Whether `value` is a `Request`: the undici package, node-fetch and the sandboxes of test runners have their own. */
function isRequest(value: unknown): value is Request {
  if (value instanceof Request) return true
  if (typeof value !== 'object' || value === null) return false
  const { url, method, headers } = value as Partial<Request>
  return (
    Object.prototype.toString.call(value) === '[object Request]' &&
    typeof url === 'string' &&
    typeof method === 'string' &&
    typeof headers === 'object'
  )
}

const nowhere = new URL('http://invalid.invalid')

function readUrl(input: unknown, { base }: RequestDefaults, problems: Problem[]): URL {
  const text = String(input)
  if (typeof input === 'object' && text.startsWith('[object ')) {
    problems.push({ path: 'url', message: `must be a string, a URL or a Request, not ${show(input)}` })
    return nowhere
  }
  const isRelative = base !== undefined && !absolute.test(text)
  const joint = /^[/?#]/.test(text) ? '' : '/'
  const whole = isRelative ? `${base.origin}${base.basePath}${joint}${text}` : text
  let url: URL
  try {
    url = new URL(whole)
  } catch {
    const remedy = base === undefined ? '; a relative one needs the option baseUrl' : ''
    problems.push({ path: 'url', message: `is no URL: ${showUrl(text)}${remedy}` })
    return nowhere
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    problems.push({ path: 'url', message: `must be an http: or https: URL, not ${showUrl(text)}` })
  }
  if (url.username !== '' || url.password !== '') {
    const message = 'must not carry a user name or password; send an authorization header instead'
    problems.push({ path: 'url', message })
  }
  return url
}

function readMethod(given: unknown, problems: Problem[]): string {
  if (given === undefined) return 'GET'
  const text = String(given)
  const upper = text.toUpperCase()
  const isToken = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)
  if (!isToken || refusedMethods.has(upper)) {
    problems.push({ path: 'method', message: `cannot be sent: ${show(text)}` })
  }
  return normalised.has(upper) ? upper : text
}

function bodyOf(
  source: Request | undefined,
  init: RequestInit | undefined,
  method: string,
  problems: Problem[],
): Pick<FetchRequest, 'body' | 'lateBody'> {
  const given = init?.body
  const stream = given === undefined || given === null ? source?.body : undefined
  const hasBody = (given !== undefined && given !== null) || (stream !== undefined && stream !== null)
  if (!hasBody) return { body: noBody, lateBody: undefined }
  const none = { body: noBody, lateBody: undefined }
  const problem = (message: string): typeof none => {
    problems.push({ path: 'body', message })
    return none
  }
  if (method === 'GET' || method === 'HEAD') return problem(`cannot be sent with ${method}`)
  if (stream instanceof ReadableStream) {
    if (source?.bodyUsed || stream.locked) return problem('of the Request has been read already')
    return { body: noBody, lateBody: () => readRequestBody(stream) }
  }
  const body = readBody(given ?? stream)
  return typeof body === 'string' ? problem(body) : { body, lateBody: undefined }
}

function headersOf(
  given: RequestInit['headers'],
  { contentType, length }: FetchBody,
  base: Readonly<Record<string, string>>,
  problems: Problem[],
): Record<string, string> {
  if (given === undefined && contentType === undefined && length === undefined) return base
  const headers: Record<string, string> = { ...base }
  try {
    const own = given === undefined || given instanceof Headers ? given : new Headers(given)
    for (const [name, value] of own ?? []) headers[name] = value
  } catch (error) {
    problems.push({ path: 'headers', message: withoutValue(error as Error) })
  }
  for (const name of refusedHeaders) {
    if (headers[name] !== undefined)
      problems.push({ path: `headers.${name}`, message: 'is set by the transport; leave it out' })
  }
  if (contentType !== undefined) headers['content-type'] ??= contentType
  if (length !== undefined) headers['content-length'] ??= String(length)
  return headers
}
