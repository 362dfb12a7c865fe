import type { Behaviour } from '../faults/fault.js'
import type { RecordedRequest } from './request-log.js'
import type { FaultServerStats } from './server-stats.js'

/** Options of `server.received`. */
export interface ReceivedOptions {
  /** How long to wait, in milliseconds. @default 5000 */
  readonly timeoutMs?: number | undefined
}

/** A running fault server. `await using` closes it. */
export interface FaultServer extends AsyncDisposable {
  /** Its origin, for example `http://127.0.0.1:41234`. */
  readonly url: string
  readonly port: number
  /** The phase it is in. */
  readonly currentPhase: string
  /** The latest requests, in the order in which they arrived. */
  readonly requests: readonly RecordedRequest[]
  /**
   * Replaces what a route does, for requests that arrive from now on, or adds a route.
   *
   * @throws {ConfigInvalidError} `CONFIG_INVALID` for a wrong pattern or behaviour.
   */
  set(pattern: string, behaviour: Behaviour): void
  /**
   * Enters a phase, also the one it is in: what is decided by seed begins anew. Requests that have arrived before are
   * treated as before.
   *
   * @throws {ConfigInvalidError} `CONFIG_INVALID` for a name that no `phases()` of the routes has.
   */
  phase(name: string): void
  /** Stops listening and destroys all connections, as if the process had died: further ones are refused. */
  refuse(): Promise<void>
  /** Listens again after `refuse()`, on the same port. */
  accept(): Promise<void>
  /** Destroys all connections. */
  dropConnections(): void
  /** Closes the connections on which no request is in flight. */
  dropIdleConnections(): void
  /**
   * Settles when `count` requests have arrived since the start or the last `clear()`.
   *
   * @throws {Error} When they have not within `timeoutMs`, or the server is closed.
   */
  received(count: number, options?: ReceivedOptions): Promise<void>
  /** What has been counted. */
  stats(): FaultServerStats
  /** Forgets the requests and the counts, and begins anew with what is decided by seed. */
  clear(): void
  /** Destroys all connections and stops. */
  close(): Promise<void>
}
