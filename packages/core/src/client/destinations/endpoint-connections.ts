import { createTransport, type Transport, type TransportOptions } from '../../http/transport/index.js'

/** The connections of a client: those of each endpoint by themselves, unless everything goes through one dispatcher. */
export class EndpointConnections {
  readonly #options: TransportOptions
  readonly #shared: Transport | undefined
  readonly #own = new Set<Transport>()

  constructor(options: TransportOptions) {
    this.#options = options
    const isShared = options.dispatcher !== undefined || options.proxy !== undefined
    this.#shared = isShared ? createTransport(options) : undefined
  }

  /** Those of one more endpoint. */
  open(): Transport {
    if (this.#shared !== undefined) return this.#shared
    const transport = createTransport(this.#options)
    this.#own.add(transport)
    return transport
  }

  /** Closes those of an endpoint that has gone, once nothing is in flight on them: a response may still be streaming. */
  readonly letGo = (transport: Transport): void => {
    if (transport === this.#shared) return
    const forget = (): void => void this.#own.delete(transport)
    transport.close().then(forget, forget)
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((transport) => transport.close()))
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#all().map((transport) => transport.destroy()))
  }

  #all(): Transport[] {
    return this.#shared === undefined ? [...this.#own] : [this.#shared]
  }
}
