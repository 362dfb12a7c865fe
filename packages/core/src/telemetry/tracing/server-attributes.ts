import { isIP } from 'node:net'
import type { SpanAttributeValues } from './span-attributes.js'

const schemePorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/** Where a request goes, by its URL. */
export function serverAttributes(url: string): SpanAttributeValues {
  const { host, port } = placeOf(url)
  return { 'server.address': host, 'server.port': port }
}

/** Which endpoint of a dependency, whose name is the `server.address`, a request goes to. */
export function peerAttributes(url: string): SpanAttributeValues {
  const { host, port } = placeOf(url)
  if (isIP(host) === 0) return { 'server.port': port }
  return { 'server.port': port, 'network.peer.address': host, 'network.peer.port': port }
}

function placeOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(url)
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (schemePorts[protocol] ?? 0) : Number(port),
  }
}
