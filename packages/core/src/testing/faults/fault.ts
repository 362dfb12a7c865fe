import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** One request at the fault server, as a fault sees it. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The route's pattern, as it was given. */
  readonly route: string
  readonly phase: string
  /** How many requests this route has had in this phase, this one included; by `verdictHeader` if there is one. */
  readonly turn: number
  /** How many requests this connection has carried, this one included. */
  readonly useOfConnection: number
  /** Whether the connection is closed, usually by a client that has given up. */
  readonly gone: boolean
  /** Kinds of the faults met so far. */
  readonly faults: string[]
  /** The next number of this request's own sequence, in [0, 1). */
  random(): number
  /** Waits, also when the client has gone: real services work on. Never settles once the server is closed. */
  sleep(ms: number): Promise<void>
  /** Settles when the connection is closed. */
  untilGone(): Promise<void>
  /** The socket, for a fault that writes bytes by itself. It has to end or destroy the socket. */
  takeSocket(): Socket
}

/** Hands the request on to what comes after a fault; settles when the work on it has ended. */
export type Next = () => Promise<void>

/**
 * One way of treating a request. It answers, in whatever broken way, or hands the request on. Write your own where
 * none of the given ones fits.
 *
 * @example
 * ```ts
 * import { answer, type Fault, faultServer } from '@holdfast/core/testing'
 *
 * const everyThirdFails: Fault = {
 *   kind: 'every-third-fails',
 *   apply: (exchange, next) => (exchange.turn % 3 === 0 ? answer(500).apply(exchange, next) : next()),
 * }
 * await using server = await faultServer({ routes: { 'GET /': [everyThirdFails, answer(200)] } })
 * ```
 */
export interface Fault {
  /** Named in the log of requests; empty for a fault that only chooses among others. */
  readonly kind: string
  /** Settles when the work on the request has ended. */
  apply(exchange: Exchange, next: Next): Promise<void>
  /** What it chooses from, so that wrong ones are found when the server starts. */
  readonly choices?: readonly Behaviour[]
  /** Names of phases that it knows. */
  readonly phases?: readonly string[]
}

/**
 * What a route does: a fault, an `(request, response)` listener such as an Express application, or a list in which
 * each hands on to the one after it. What runs off the end of the list is answered with 200.
 */
export type Behaviour = Fault | RequestListener | readonly Behaviour[]
