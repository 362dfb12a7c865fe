import { lookup, Resolver } from 'node:dns/promises'
import { type EndpointOptions, originOf } from './endpoint.js'

/** What is asked for. */
export type DnsRecordType = 'A' | 'AAAA' | 'SRV' | 'lookup'

/** A question to a name server. */
export interface DnsQuestion {
  readonly hostname: string
  readonly type: DnsRecordType
}

/** One record of an answer. */
export interface DnsAnswer {
  /** The address, or the target's name of an SRV record. */
  readonly host: string
  /** Only of SRV records. */
  readonly port?: number | undefined
  /** Only of SRV records. */
  readonly weight?: number | undefined
  /** Only of SRV records; the lowest is used as long as it can be. */
  readonly priority?: number | undefined
  /** How long it may be used, in seconds, where that is known. */
  readonly ttlSeconds?: number | undefined
}

/** Where the addresses of an answer are served. */
export interface DnsPlace {
  readonly hostname: string
  readonly protocol: 'http' | 'https'
  readonly port: number
}

/** Asks the name servers, or for `lookup` the operating system. */
export function defaultResolve(
  servers: readonly string[] | undefined,
  timeoutMs: number,
): (question: DnsQuestion) => Promise<readonly DnsAnswer[]> {
  const resolver = new Resolver({ timeout: Math.max(1, Math.ceil(timeoutMs / 2)), tries: 2 })
  if (servers !== undefined) resolver.setServers(servers)
  return async ({ hostname, type }) => {
    switch (type) {
      case 'lookup':
        return (await lookup(hostname, { all: true })).map(({ address }) => ({ host: address }))
      case 'SRV':
        return (await resolver.resolveSrv(hostname)).map(({ name, port, weight, priority }) => {
          return { host: name, port, weight, priority }
        })
      default: {
        const ask = type === 'A' ? resolver.resolve4(hostname, { ttl: true }) : undefined
        const records = await (ask ?? resolver.resolve6(hostname, { ttl: true }))
        return records.map(({ address, ttl }) => ({ host: address, ttlSeconds: ttl }))
      }
    }
  }
}

/** A weight of 0 gets a very small chance beside others, as RFC 2782 asks. */
const smallWeight = 0.1

/** The endpoints that an answer names. */
export function endpointsOf(answers: readonly DnsAnswer[], place: DnsPlace): EndpointOptions[] {
  const serverName = authorityOf(place)
  const lowest = new Map<string, number>()
  const endpoints = answers.map(({ host, port, weight = 1, priority = 0 }): EndpointOptions => {
    const url = originOf(place.protocol, withoutRoot(host), port ?? place.port)
    // The certificate and the virtual host are the name's, not the address's. An SRV target has a name of its own.
    if (port === undefined) return { url, serverName }
    lowest.set(url, Math.min(priority, lowest.get(url) ?? priority))
    return { url, weight: weight === 0 ? smallWeight : weight, priority }
  })
  return endpoints.filter(({ url, priority = 0 }) => priority <= (lowest.get(url) ?? priority))
}

/** Name and port as the `host` header has them: without the port that the protocol implies. */
function authorityOf({ hostname, protocol, port }: DnsPlace): string {
  const name = withoutRoot(hostname)
  return port === (protocol === 'https' ? 443 : 80) ? name : `${name}:${port}`
}

const withoutRoot = (hostname: string): string => hostname.replace(/\.$/, '')
