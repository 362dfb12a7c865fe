import { buildConnector, Pool } from 'undici'
import type { TlsOptions } from '../../http/transport/index.js'

/** How a background pool connects. */
export interface BackgroundPoolOptions {
  readonly tls: TlsOptions
  readonly connectTimeoutMs: number
}

/** A pool for requests that wait for minutes: a process that has nothing else to do ends in spite of them. */
export function backgroundPool(origin: string, { tls, connectTimeoutMs }: BackgroundPoolOptions): Pool {
  const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))
  const connect = buildConnector({ ...given, timeout: connectTimeoutMs })
  return new Pool(origin, {
    connections: 1,
    connect(target, callback) {
      connect(target, (...outcome) => {
        const [, socket] = outcome
        // Typed as null where it failed, and undefined.
        if (socket) {
          socket.unref()
          // undici holds on to a socket for as long as there is a request on it.
          socket.ref = () => socket
        }
        callback(...outcome)
      })
    },
  })
}
