import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

const maxHeaderBytes = 1_048_576
const listenTries = 20
const betweenTriesMs = 25

/** What is known of one connection. */
interface Connection {
  readonly id: number
  uses: number
}

/** An HTTP server that can go away and come back on the same port, and knows its connections. */
export class LoopbackListener {
  readonly #server: Server
  readonly #host: string
  readonly #connections = new Map<Socket, Connection>()
  #port: number
  #total = 0

  constructor(
    listener: RequestListener,
    options: { host: string; port: number; keepAliveTimeoutMs: number },
  ) {
    this.#host = options.host
    this.#port = options.port
    this.#server = createServer(
      {
        keepAliveTimeout: options.keepAliveTimeoutMs,
        requestTimeout: 0,
        headersTimeout: 0,
        maxHeaderSize: maxHeaderBytes,
        noDelay: true,
      },
      listener,
    )
    this.#server.on('connection', (socket: Socket) => this.#accepted(socket))
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  get port(): number {
    return this.#port
  }

  get connections(): number {
    return this.#connections.size
  }

  get connectionsTotal(): number {
    return this.#total
  }

  /** Counts one more use of a connection. */
  use(socket: Socket): Connection {
    const connection = this.#connections.get(socket) ?? { id: 0, uses: 0 }
    connection.uses++
    return connection
  }

  /** Listens, on the same port as before. */
  async open(): Promise<void> {
    if (this.#server.listening) return
    for (let tries = 1; ; tries++) {
      try {
        this.#server.listen(this.#port, this.#host)
        await once(this.#server, 'listening')
        this.#port = (this.#server.address() as AddressInfo).port
        return
      } catch (error) {
        // Another process's outgoing connection may hold the port for a moment.
        const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
        if (!isTaken || tries === listenTries) throw error
        await new Promise((resolve) => setTimeout(resolve, betweenTriesMs))
      }
    }
  }

  /** Stops listening and destroys every connection. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const sockets = [...this.#connections.keys()]
    const closed = [this.#server, ...sockets].map(
      (one) => new Promise((resolve) => one.once('close', resolve)),
    )
    this.#server.close()
    this.dropConnections()
    await Promise.all(closed)
  }

  dropConnections(): void {
    for (const socket of this.#connections.keys()) socket.destroy()
  }

  dropIdleConnections(): void {
    this.#server.closeIdleConnections()
  }

  #accepted(socket: Socket): void {
    this.#total++
    this.#connections.set(socket, { id: this.#total, uses: 0 })
    socket.once('close', () => this.#connections.delete(socket))
  }
}
