import dns, { type LookupAddress } from 'node:dns'
import { isIPv6, type Socket } from 'node:net'

/** Milliseconds that an address has for itself before the next one is tried beside it: RFC 8305, section 8. */
const headStartMs = 250

type Done<Result> = (error: Error | null, result?: Result) => void

/** Connects to one address; the socket is what must be destroyed when another address is faster. */
export type ConnectTo = (address: string, done: Done<Socket>) => Socket

/** The addresses of a name, families in turn, the resolver's first choice first. */
export function addressesOf(name: string, done: Done<readonly string[]>): void {
  dns.lookup(name, { all: true }, (error: Error | null, found: readonly LookupAddress[] = []) => {
    if (error) {
      done(error)
      return
    }
    const addresses = found.map(({ address }) => address)
    if (addresses.length === 0) {
      done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }))
      return
    }
    const isFirstKind = (address: string): boolean => isIPv6(address) === isIPv6(addresses[0] as string)
    const ours = addresses.filter(isFirstKind)
    const others = addresses.filter((address) => !isFirstKind(address))
    const inTurn = addresses.flatMap((_, index) => [ours[index], others[index]])
    done(
      null,
      inTurn.filter((address) => address !== undefined),
    )
  })
}

/**
 * Connects to whichever address answers first: "Happy Eyeballs", RFC 8305. Each gets a head start, and none is given up
 * because the next one is tried: Node.js gives an address up after its head start, and a server that is far away with it.
 */
export class AddressRace {
  readonly #connect: ConnectTo
  readonly #waiting: string[]
  readonly #sockets = new Set<Socket>()
  readonly #errors: Error[] = []
  readonly #done: Done<Socket>
  #timer: NodeJS.Timeout | undefined = undefined
  #isOver = false

  constructor(addresses: readonly string[], connect: ConnectTo, done: Done<Socket>) {
    this.#waiting = [...addresses]
    this.#connect = connect
    this.#done = done
    this.#next()
  }

  /** Gives up. */
  end(error: Error): void {
    if (!this.#isOver) this.#finish(error)
  }

  #next(): void {
    clearTimeout(this.#timer)
    const address = this.#waiting.shift()
    if (address === undefined) return
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#next(), headStartMs)
    try {
      const socket = this.#connect(address, (error, connected) => this.#settle(socket, error, connected))
      this.#sockets.add(socket)
    } catch (error) {
      this.#settle(undefined, error as Error, undefined)
    }
  }

  #settle(socket: Socket | undefined, error: Error | null, connected: Socket | undefined): void {
    if (socket !== undefined) this.#sockets.delete(socket)
    if (this.#isOver) return
    if (error === null) {
      this.#finish(null, connected)
      return
    }
    this.#errors.push(error)
    if (this.#waiting.length > 0) this.#next()
    else if (this.#sockets.size === 0) this.#finish(this.#failure())
  }

  #finish(error: Error | null, connected?: Socket): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    for (const socket of this.#sockets) socket.destroy()
    this.#done(error, connected)
  }

  #failure(): Error {
    const [only] = this.#errors
    if (only !== undefined && this.#errors.length === 1) return only
    const told = new AggregateError(this.#errors, this.#errors.map(({ message }) => message).join('; '))
    return Object.assign(told, { code: (only as { code?: unknown }).code })
  }
}
