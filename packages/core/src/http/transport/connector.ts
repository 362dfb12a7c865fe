import { isIP, type Socket } from 'node:net'
import { buildConnector, errors } from 'undici'
import type { ConnectionProgress } from './connection-phase.js'
import { AddressRace, addressesOf, type ConnectTo } from './race-addresses.js'
import { connectOptions, type TlsOptions } from './tls-options.js'

/** How a pool connects. */
export interface ConnectorOptions {
  readonly connectTimeoutMs: number
  readonly http2: boolean
  readonly tls: TlsOptions | undefined
}

/**
 * undici's connector with a timeout of its own, because undici's is checked every half second only, with a count of
 * what is going on, and with the whole time for every address of a name.
 */
export function createConnector(
  options: ConnectorOptions,
  progress: ConnectionProgress,
): buildConnector.connector {
  // Typed as returning nothing, but the socket is what it returns, and what must be destroyed on a timeout.
  const connect = buildConnector({
    ...connectOptions(options.tls),
    allowH2: options.http2,
    timeout: 0,
  }) as unknown as (target: buildConnector.Options, callback: buildConnector.Callback) => Socket

  return (target, callback) => {
    const isNamed = isIP(target.hostname) === 0
    let isLookingUp = isNamed
    let isDone = false
    let race: AddressRace | undefined
    progress.connecting += 1
    if (isLookingUp) progress.lookups += 1
    const endLookup = (): void => {
      if (isLookingUp) progress.lookups -= 1
      isLookingUp = false
    }
    const finish = (error: Error | null, socket?: Socket): void => {
      if (isDone) return
      isDone = true
      clearTimeout(timer)
      endLookup()
      progress.connecting -= 1
      if (error === null) callback(null, socket as Socket)
      else callback(error, null)
    }
    const connectTo: ConnectTo = (hostname, done) =>
      connect({ ...target, hostname }, (error, socket) => done(error, socket ?? undefined))
    const timer = setTimeout(() => {
      // An event of the socket that is due in this very turn of a late event loop goes first.
      setImmediate(() => {
        if (isDone) return
        const error = timeoutError(target, isLookingUp, options)
        race?.end(error)
        finish(error)
      })
    }, options.connectTimeoutMs)
    timer.unref()
    const start = (addresses: readonly string[]): void => {
      race = new AddressRace(addresses, connectTo, finish)
    }
    if (!isNamed) return start([target.hostname])
    addressesOf(target.hostname, (error, addresses = []) => {
      endLookup()
      if (error !== null) finish(error)
      else if (!isDone) start(addresses)
    })
  }
}

function timeoutError(
  { hostname, port }: buildConnector.Options,
  isLookingUp: boolean,
  { connectTimeoutMs }: ConnectorOptions,
): Error {
  if (!isLookingUp) {
    return new errors.ConnectTimeoutError(`${hostname}:${port} did not answer within ${connectTimeoutMs} ms`)
  }
  const error = new Error(`the lookup of ${hostname} took longer than ${connectTimeoutMs} ms`)
  return Object.assign(error, { code: 'ETIMEOUT', syscall: 'getaddrinfo' })
}
