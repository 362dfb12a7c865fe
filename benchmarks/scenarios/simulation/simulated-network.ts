import { Dispatcher } from 'undici'
import type { Incoming, QueueingServer } from '../model/queueing-server.js'

const body = Buffer.from('{}')
const headersOfAnswer = Object.freeze({ 'content-type': 'application/json', 'content-length': '2' })

/** Names and the servers behind each; one with several answers from them in turn, as DNS does. */
export class SimulatedNetwork extends Dispatcher {
  readonly #hosts = new Map<string, { servers: readonly QueueingServer[]; turn: number }>()

  add(origin: string, servers: readonly QueueingServer[]): void {
    this.#hosts.set(origin, { servers, turn: 0 })
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const host = this.#hosts.get(String(options.origin))
    const server = host?.servers[host.turn++ % host.servers.length]
    if (server === undefined) throw new Error(`nobody is at ${options.origin}`)
    const exchange = new SimulatedExchange(options.path, handler)
    handler.onRequestStart?.(exchange, {})
    if (!exchange.aborted) server.receive(exchange)
    return true
  }

  override close(callback?: () => void): Promise<void> {
    callback?.()
    return Promise.resolve()
  }

  override destroy(reason?: unknown, callback?: () => void): Promise<void> {
    const done = typeof reason === 'function' ? (reason as () => void) : callback
    done?.()
    return Promise.resolve()
  }
}

/** One request on its way; the server goes on with it when its client has given up. */
class SimulatedExchange implements Dispatcher.DispatchController, Incoming {
  readonly path: string
  readonly #handler: Dispatcher.DispatchHandler
  #isOver = false
  reason: Error | null = null
  paused = false

  constructor(path: string, handler: Dispatcher.DispatchHandler) {
    this.path = path
    this.#handler = handler
  }

  get aborted(): boolean {
    return this.reason !== null
  }

  abort(reason: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.reason = reason
    void Promise.resolve().then(() => this.#handler.onResponseError?.(this, reason))
  }

  // Answers are two bytes long: there is nothing to hold back.
  pause(): void {}
  resume(): void {}

  respond(status: number, headers?: Readonly<Record<string, string>>): void {
    if (this.#isOver) return
    const all = headers === undefined ? headersOfAnswer : { ...headersOfAnswer, ...headers }
    this.#handler.onResponseStart?.(this, status, all, '')
    if (this.#isOver) return
    this.#handler.onResponseData?.(this, body)
    if (this.#isOver) return
    this.#isOver = true
    this.#handler.onResponseEnd?.(this, {})
  }

  refuse(): void {
    if (this.#isOver) return
    this.#isOver = true
    const error = Object.assign(new Error('connect ECONNREFUSED'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    })
    this.#handler.onResponseError?.(this, error)
  }
}
