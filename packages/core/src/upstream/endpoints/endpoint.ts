import { isIP } from 'node:net'
import { OptionCheck, show, showUrl } from '../../foundation/config/index.js'
import type { ConfigInvalidError } from '../../foundation/errors/index.js'

/** One place where a dependency is served, with what is known of it. */
export interface EndpointOptions {
  /** Where it is: `http:` or `https:`, and perhaps a path that goes in front of every request's. */
  readonly url: string
  /**
   * Its share of the calls, relative to the others of its priority. One of weight 0 is a spare: it is called only when
   * every other one is left out, refuses or has been tried by the call. All of weight 0 are equals.
   * @default 1
   */
  readonly weight?: number | undefined
  /**
   * Those of the lowest priority are called; those of the next when every one of them is left out, refuses or has been
   * tried by the call.
   * @default 0
   */
  readonly priority?: number | undefined
  /** Where it runs, such as an availability zone. */
  readonly zone?: string | undefined
  /**
   * What tells it from the others, also when its address changes hands: the name of a pod, a service id.
   * @default its URL
   */
  readonly id?: string | undefined
  /**
   * The name for TLS and for the `host` header, where the URL holds an address. A port behind it, after a colon, is for
   * the header only.
   */
  readonly serverName?: string | undefined
}

/** An endpoint, as a list or a resolver gives it: its URL, or its URL and more. */
export type EndpointInput = string | EndpointOptions

/** An endpoint that has been checked. */
export interface Endpoint {
  readonly id: string
  /** The origin and the base path. */
  readonly url: string
  readonly origin: string
  /** In front of every path; empty, or beginning with a slash and not ending with one. */
  readonly basePath: string
  readonly weight: number
  readonly priority: number
  readonly zone: string | undefined
  readonly serverName: string | undefined
}

const optionNames = [
  'url',
  'weight',
  'priority',
  'zone',
  'id',
  'serverName',
] as const satisfies readonly (keyof EndpointOptions)[]

/** Checks a list in which everything must be right: what is wrong is added to `check`. */
export function checkEndpoints(check: OptionCheck, path: string, list: unknown): readonly Endpoint[] {
  if (!Array.isArray(list)) {
    check.add(path, `must be a list of URLs, not ${show(list)}`)
    return []
  }
  if (list.length === 0) check.add(path, "is empty; name at least one, such as 'http://orders-1:3000'")
  const places = new Map<string, string>()
  const endpoints: Endpoint[] = []
  list.forEach((input: unknown, index) => {
    const place = path === '' ? `${index}` : `${path}.${index}`
    const endpoint = checkEndpoint(check, place, input)
    if (endpoint === undefined) return
    const before = places.get(endpoint.id)
    if (before === undefined) {
      places.set(endpoint.id, place)
      endpoints.push(endpoint)
    } else {
      check.add(
        place,
        `is '${endpoint.id}', which ${before} is too; leave one of them out, or give each an id`,
      )
    }
  })
  return endpoints
}

/** What could be used of a resolver's answer, and what is wrong with the rest. */
export interface AcceptedEndpoints {
  readonly endpoints: readonly Endpoint[]
  readonly problems: readonly Error[]
  /** The ids that were there more than once; the first of each counts. */
  readonly duplicates: readonly string[]
}

/** Takes from a resolver's answer what is right: a mistake in one endpoint must not cost the others. */
export function acceptEndpoints(list: readonly unknown[]): AcceptedEndpoints {
  const endpoints = new Map<string, Endpoint>()
  const duplicates = new Set<string>()
  const problems: Error[] = []
  list.forEach((input, index) => {
    const check = new OptionCheck('a resolver')
    const endpoint = checkEndpoint(check, `${index}`, input)
    try {
      check.done()
    } catch (error) {
      problems.push(error as ConfigInvalidError)
      return
    }
    if (endpoint === undefined) return
    if (endpoints.has(endpoint.id)) duplicates.add(endpoint.id)
    else endpoints.set(endpoint.id, endpoint)
  })
  return { endpoints: [...endpoints.values()], problems, duplicates: [...duplicates] }
}

function checkEndpoint(check: OptionCheck, path: string, input: unknown): Endpoint | undefined {
  if (typeof input === 'string') return checkUrl(check, path, { url: input })
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    check.add(path, `must be a URL or { url, weight, zone, id }, not ${show(input)}`)
    return undefined
  }
  check.object(path, input, optionNames)
  const options = input as EndpointOptions
  check.number(`${path}.weight`, options.weight, { min: 0 })
  check.number(`${path}.priority`, options.priority, { min: 0 })
  for (const name of ['zone', 'id', 'serverName'] as const) checkText(check, `${path}.${name}`, options[name])
  if (options.url === undefined) {
    check.add(`${path}.url`, "is missing; say where the endpoint is, such as 'http://orders-1:3000'")
    return undefined
  }
  return checkUrl(check, `${path}.url`, options)
}

function checkText(check: OptionCheck, path: string, value: unknown): void {
  if (value === undefined || (typeof value === 'string' && value !== '')) return
  check.add(path, `must be a text that is not empty, not ${show(value)}`)
}

function checkUrl(check: OptionCheck, path: string, options: EndpointOptions): Endpoint | undefined {
  const given = options.url
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    check.add(path, `must be an http: or https: URL, not ${showUrl(given)}`)
    return undefined
  }
  if (url.username !== '' || url.password !== '') {
    check.add(path, 'must not carry a user name or password; send an authorization header instead')
  }
  if (url.search !== '' || url.hash !== '') {
    check.add(path, 'must not have a query or a fragment; they belong to the operations')
  }
  const { origin } = url
  const basePath = url.pathname.replace(/\/+$/, '')
  const { id = origin + basePath, weight = 1, priority = 0, zone, serverName } = options
  return { id, url: origin + basePath, origin, basePath, weight, priority, zone, serverName }
}

/** The origin of a host and a port; an IPv6 address gets its brackets. */
export function originOf(protocol: 'http' | 'https', host: string, port: number): string {
  return `${protocol}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}
