import { isIP, type Socket } from 'node:net'
import { buildConnector, errors } from 'undici'
import type { ConnectionProgress } from './connection-phase.js'
import { connectOptions, type TlsOptions } from './tls-options.js'

/** How a pool connects. */
export interface ConnectorOptions {
  readonly connectTimeoutMs: number
  readonly http2: boolean
  readonly tls: TlsOptions | undefined
}

/**
 * undici's connector with a timeout of its own, because undici's is checked every half second only, and with a count of
 * what is going on.
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
    let isLookingUp = isIP(target.hostname) === 0
    progress.connecting += 1
    if (isLookingUp) progress.lookups += 1
    const endLookup = (): void => {
      if (isLookingUp) progress.lookups -= 1
      isLookingUp = false
    }
    let isDone = false
    const socket = connect(target, (...outcome) => {
      isDone = true
      clearTimeout(timer)
      endLookup()
      progress.connecting -= 1
      callback(...outcome)
    })
    const timer = setTimeout(() => {
      // An event of the socket that is due in this very turn of a late event loop goes first.
      setImmediate(() => {
        if (!isDone) socket.destroy(timeoutError(target, isLookingUp, options))
      })
    }, options.connectTimeoutMs)
    timer.unref()
    socket.once('lookup', endLookup)
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
