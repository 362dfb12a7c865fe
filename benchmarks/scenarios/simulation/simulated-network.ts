import { Dispatcher } from 'undici'
import type { Incoming, Receiver } from '../model/queueing-server.js'

const body = Buffer.from('{}')
const headersOfAnswer = Object.freeze({ 'content-type': 'application/json', 'content-length': '2' })

/** Names and the servers behind each; one with several answers from them in turn, as DNS does. */
export class SimulatedNetwork extends Dispatcher {
  readonly #hosts = new Map<string, { servers: readonly Receiver[]; turn: number }>()

  add(origin: string, servers: readonly Receiver[]): void {
    this.#hosts.set(origin, { servers, turn: 0 })
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const host = this.#hosts.get(String(options.origin))
    const server = host?.servers[host.turn++ % host.servers.length]
    if (server === undefined) throw new Error(`nobody is at ${options.origin}`)
    const exchange = new SimulatedExchange(options, handler)
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

/** By name, however a client writes them. */
function headersOf(given: Dispatcher.DispatchOptions['headers']): Record<string, string> {
  if (given === undefined || given === null) return {}
  const entries = Array.isArray(given)
    ? given.flatMap((name, index) => (index % 2 === 0 ? [[name, given[index + 1]]] : []))
    : Symbol.iterator in given
      ? [...given]
      : Object.entries(given)
  return Object.fromEntries(entries.map(([name, value]) => [String(name).toLowerCase(), String(value)]))
}

/** One request on its way; the server goes on with it when its client has given up. */
class SimulatedExchange implements Dispatcher.DispatchController, Incoming {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly #handler: Dispatcher.DispatchHandler
  #isOver = false
  #onGone: (() => void) | undefined = undefined
  reason: Error | null = null
  paused = false

  constructor({ path, headers }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
    this.path = path
    this.headers = headersOf(headers)
    this.#handler = handler
  }

  get aborted(): boolean {
    return this.reason !== null
  }

  abort(reason: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.reason = reason
    this.#onGone?.()
    void Promise.resolve().then(() => this.#handler.onResponseError?.(this, reason))
  }

  onGone(run: () => void): void {
    this.#onGone = run
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
