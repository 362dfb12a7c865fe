import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2Session } from 'node:http2'
import { Server as NetServer, type Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

/** How long a keep-alive connection must have been quiet to be closed: a request may be on its way. */
const quietMs = 200
const sweepEveryMs = 25
/** No connection for so long means that none waits in the kernel: the loop takes one each turn. */
const backlogQuietMs = 20
const backlogLimitMs = 200
/** How long a request that has begun to arrive may take to arrive. Upgraded connections look like one. */
const arrivalMs = 1_000

interface Connection {
  inFlight: number
  /** The latest of its responses. Of several that are pipelined it is the one to say that the connection closes. */
  latest: ServerResponse | undefined
  /** When its last response ended, or it was opened. */
  quietSince: number
  /** Bytes read until then: more of them are the beginning of a request. */
  bytesRead: number
  /** Of an HTTP/2 connection, which ends by itself when it is told that the server goes away. */
  session: Http2Session | undefined
}

/**
 * The connections of one HTTP server, and how they end without a request being lost.
 *
 * `http.Server.close()` destroys every idle connection at once, also the one whose next request has arrived in the
 * kernel. So a connection is told to close with its next response, and is closed only when it has been quiet.
 */
export class ServerDrain {
  readonly #server: Server
  readonly #connections = new Map<Socket, Connection>()
  #state: 'serving' | 'draining' | 'settling' | 'closing' = 'serving'
  #whenEmpty: (() => void) | undefined = undefined
  #sweep: NodeJS.Timeout | undefined = undefined
  #closingSince = 0
  #lastOpened = Number.NEGATIVE_INFINITY
  #latest: Connection | undefined = undefined

  constructor(server: Server) {
    this.#server = server
    server.prependListener(server instanceof TlsServer ? 'secureConnection' : 'connection', this.#opened)
    server.prependListener('request', this.#requested)
    server.prependListener('session', this.#begun)
  }

  /** Requests that have not been answered to the end. */
  get inFlight(): number {
    let inFlight = 0
    for (const connection of this.#connections.values()) inFlight += connection.inFlight
    return inFlight
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections.size
  }

  /** From now on every response says `Connection: close`. */
  drain(): void {
    if (this.#state === 'serving') this.#state = 'draining'
    this.#sayGoodbyes()
  }

  /** Takes no more connections. Settles when all have ended, each as soon as it is quiet. */
  async close(): Promise<void> {
    if (this.#server.listening) await this.#settleBacklog()
    this.#state = 'closing'
    this.#closingSince = performance.now()
    this.#sayGoodbyes()
    // Not the method of http.Server, which would destroy idle connections at once.
    if (this.#server.listening) NetServer.prototype.close.call(this.#server)
    if (this.#connections.size === 0) return
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve
      // A turn of the loop later, so that what has arrived by now is read before its connection is closed.
      this.#sweep = setInterval(() => setImmediate(() => this.#closeQuiet()), sweepEveryMs)
    })
  }

  /** Ends whatever is left, at once. */
  destroy(): void {
    clearInterval(this.#sweep)
    this.#server.off('request', this.#requested)
    this.#server.off('session', this.#begun)
    for (const { session } of this.#connections.values()) session?.destroy()
    for (const socket of this.#connections.keys()) socket.destroy()
    // Ends the timer with which http.Server watches its connections.
    this.#server.close()
  }

  readonly #opened = (socket: Socket): void => {
    this.#lastOpened = performance.now()
    const connection: Connection = {
      inFlight: 0,
      latest: undefined,
      quietSince: performance.now(),
      bytesRead: socket.bytesRead,
      session: undefined,
    }
    this.#connections.set(socket, connection)
    this.#latest = connection
    socket.once('close', () => {
      this.#connections.delete(socket)
      if (this.#connections.size > 0 || this.#whenEmpty === undefined) return
      clearInterval(this.#sweep)
      this.#whenEmpty()
    })
  }

  /** Node makes the session of an HTTP/2 connection as soon as it is open, so it is that of the latest. */
  readonly #begun = (session: Http2Session): void => {
    const connection = this.#latest
    if (connection === undefined) return
    connection.session = session
    session.on('stream', (stream) => {
      connection.inFlight++
      stream.once('close', () => {
        connection.inFlight--
        connection.quietSince = performance.now()
      })
    })
    if (this.#state === 'closing') session.close()
  }

  readonly #requested = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request
    const connection = this.#connections.get(socket)
    if (connection === undefined) return
    const earlier = connection.latest
    connection.inFlight++
    connection.latest = response
    if (this.#state === 'draining' || this.#state === 'closing') sayGoodbye(response, earlier)
    response.on('close', () => {
      connection.inFlight--
      connection.quietSince = performance.now()
      connection.bytesRead = socket.bytesRead
      if (connection.latest === response) connection.latest = undefined
    })
  }

  #sayGoodbyes(): void {
    for (const { latest, session } of this.#connections.values()) {
      if (latest !== undefined) sayGoodbye(latest)
      // New streams are refused from then on, in a way that clients may repeat elsewhere: not while it serves on.
      if (this.#state === 'closing') session?.close()
    }
  }

  /**
   * The kernel resets connections that it has completed and the process has not taken. So clients may keep theirs for
   * a moment instead of making new ones, until none is left to take.
   */
  async #settleBacklog(): Promise<void> {
    this.#state = 'settling'
    const until = performance.now() + backlogLimitMs
    await turn()
    await turn()
    while (performance.now() - this.#lastOpened < backlogQuietMs && performance.now() < until) await pause()
  }

  #closeQuiet(): void {
    const now = performance.now()
    const isLate = now - this.#closingSince >= arrivalMs
    for (const [socket, { bytesRead, inFlight, quietSince }] of this.#connections) {
      if (inFlight > 0 || now - quietSince < quietMs) continue
      if (isLate || socket.bytesRead === bytesRead) socket.destroy()
    }
  }
}

/** Has a response say that its connection closes. One before it on the same connection would lose it, and must not. */
function sayGoodbye(response: ServerResponse, earlier?: ServerResponse): void {
  // The last request of a client that closes: its response is the last by itself.
  if (!response.shouldKeepAlive) return
  response.shouldKeepAlive = false
  if (earlier !== undefined && !earlier.headersSent) earlier.shouldKeepAlive = true
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 5))
