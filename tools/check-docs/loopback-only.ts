import dns from 'node:dns'
import { Socket } from 'node:net'

/** Names as they stand in the docs, such as `orders:3000`, and the local servers that stand in for them. */
export type Hosts = Readonly<Record<string, string>>

let hosts: Hosts = {}

/** Sends connections to these names to local servers. */
export function setHosts(next: Hosts): void {
  hosts = next
}

interface Address {
  path?: string
  host?: string
  port?: number | string
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || host.startsWith('127.')

const lookedUp: string[] = []

/** An address of this machine for each name that has a stand-in, by which it is known again when somebody connects. */
function addressOf(name: string): string {
  const known = lookedUp.indexOf(name)
  return `127.99.0.${known === -1 ? lookedUp.push(name) : known + 1}`
}

function nameOf(host: string): string {
  return host.startsWith('127.99.0.') ? (lookedUp[Number(host.slice(9)) - 1] ?? host) : host
}

/** Points the address at its stand-in; `false` where it would leave this machine. */
function redirect(address: Address): boolean {
  if (address.path !== undefined && address.port === undefined) return true
  const host = nameOf(address.host ?? 'localhost')
  const standIn = hosts[`${host}:${address.port}`]
  if (standIn !== undefined) {
    address.host = '127.0.0.1'
    address.port = Number(new URL(standIn).port)
    return true
  }
  return isLoopback(host)
}

const connect = Socket.prototype.connect
const lookup = dns.lookup as (...args: unknown[]) => unknown

/** Looks names up that have a stand-in; all others are asked for as ever. */
function lookupStandIn(name: string, ...rest: unknown[]): unknown {
  const hasStandIn = !isLoopback(name) && Object.keys(hosts).some((host) => host.startsWith(`${name}:`))
  if (!hasStandIn) return lookup(name, ...rest)
  const address = addressOf(name)
  const { all } = (typeof rest[0] === 'object' ? rest[0] : {}) as { readonly all?: boolean }
  const callback = rest.at(-1) as (...found: unknown[]) => void
  process.nextTick(() => {
    if (all === true) callback(null, [{ address, family: 4 }])
    else callback(null, address, 4)
  })
  return undefined
}

/** Keeps every socket of this process on this machine. */
export function keepOnLoopback(): void {
  Object.assign(dns, { lookup: lookupStandIn })
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    const [first, second] = args
    const given = Array.isArray(first) ? first[0] : first
    const address: Address =
      typeof given === 'object' && given !== null
        ? (given as Address)
        : { port: Number(given), ...(typeof second === 'string' ? { host: second } : {}) }
    if (redirect(address)) return Reflect.apply(connect, this, args)
    const name = `${address.host}:${address.port}`
    process.nextTick(() => this.destroy(new Error(`code in the docs may not leave this machine: ${name}`)))
    return this
  }
}
