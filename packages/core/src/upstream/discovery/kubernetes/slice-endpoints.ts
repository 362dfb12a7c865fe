import { type EndpointOptions, originOf } from '../../endpoints/index.js'
import type { EndpointSlice, SliceEndpoint, SlicePort } from './endpoint-slice.js'

/** How slices are read. */
export interface SliceReading {
  /** The port's name or number; where it is not given, the only one, or the one called http or https. */
  readonly port: string | number | undefined
  readonly protocol: 'http' | 'https' | undefined
  readonly addressType: 'IPv4' | 'IPv6' | undefined
  readonly serverName: string
}

interface Candidate {
  readonly options: EndpointOptions
  readonly state: 'ready' | 'terminating'
}

const addressTypes = ['IPv4', 'IPv6', 'FQDN'] as const

/**
 * The endpoints of a service, from all of its slices: those that are ready, and if there are none those that serve to
 * the end of their lives, as kube-proxy has it. Of a service with addresses of two kinds one kind is used, since both
 * lead to the same pods.
 * @throws {Error} when slices have ports and none of them is the one that is looked for
 */
export function endpointsOf(slices: Iterable<EndpointSlice>, reading: SliceReading): EndpointOptions[] {
  const all = [...slices]
  const types = reading.addressType === undefined ? addressTypes : [reading.addressType]
  for (const type of types) {
    const candidates = all
      .filter(({ addressType }) => addressType === type)
      .flatMap((slice) => candidatesOf(slice, reading))
    const ready = candidates.filter(({ state }) => state === 'ready')
    const best = ready.length > 0 ? ready : candidates
    if (best.length > 0) return eachOnce(best)
  }
  return []
}

function candidatesOf(slice: EndpointSlice, reading: SliceReading): Candidate[] {
  const { endpoints, ports } = slice
  if (!endpoints?.length || !ports?.length) return []
  const port = portOf(ports, reading.port)
  if (typeof port.port !== 'number') return []
  const { protocol = isHttps(port) ? 'https' : 'http', serverName } = reading
  const number = port.port
  return endpoints.flatMap((endpoint) => {
    const state = stateOf(endpoint)
    const [address] = endpoint.addresses ?? []
    if (state === undefined || address === undefined) return []
    const url = originOf(protocol, address, number)
    const id = endpoint.targetRef?.name || url
    const zone = endpoint.zone ? { zone: endpoint.zone } : {}
    return { options: { url, id, serverName, ...zone }, state }
  })
}

/** A condition that is not known is to be taken for a good one. */
function stateOf({ conditions }: SliceEndpoint): Candidate['state'] | undefined {
  const { ready, serving, terminating } = conditions ?? {}
  if (ready ?? !terminating) return 'ready'
  return terminating && (serving ?? false) ? 'terminating' : undefined
}

function portOf(ports: readonly SlicePort[], wanted: string | number | undefined): SlicePort {
  const found =
    wanted === undefined
      ? ports.length === 1
        ? ports[0]
        : (ports.find(({ name }) => name === 'http') ?? ports.find(({ name }) => name === 'https'))
      : ports.find(({ name, port }) => name === wanted || port === wanted)
  if (found !== undefined) return found
  const known = ports.map(({ name, port }) => `'${name ?? ''}' (${port})`).join(', ')
  const what = wanted === undefined ? 'several ports and none called http or https' : `no port ${wanted}`
  throw new Error(`the service has ${what}; set the option port to one of ${known}`)
}

function isHttps({ name, appProtocol }: SlicePort): boolean {
  return appProtocol === 'https' || (appProtocol == null && name === 'https')
}

/** While a controller moves endpoints, they may be in two slices. */
function eachOnce(candidates: readonly Candidate[]): EndpointOptions[] {
  const known = new Map<string, EndpointOptions>()
  for (const { options } of candidates) {
    const key = `${options.url} ${options.id}`
    if (!known.has(key)) known.set(key, options)
  }
  return [...known.values()]
}
