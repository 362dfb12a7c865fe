import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Exchange } from '../faults/fault.js'
import { type Random, seededRandom } from '../seeded-random.js'
import type { Timers } from './timers.js'

/** What an exchange is told about itself. */
export interface ExchangeFacts {
  readonly route: string
  readonly phase: string
  readonly turn: number
  readonly useOfConnection: number
  /** What its random numbers depend on. */
  readonly seed: string
}

/** One request at the fault server. */
export class ServerExchange implements Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly socket: Socket
  readonly route: string
  readonly phase: string
  readonly turn: number
  readonly useOfConnection: number
  readonly faults: string[] = []
  /** Whether a fault writes bytes of its own. */
  tookSocket = false
  readonly #seed: string
  readonly #timers: Timers
  #random: Random | undefined = undefined

  constructor(request: IncomingMessage, response: ServerResponse, facts: ExchangeFacts, timers: Timers) {
    this.request = request
    this.response = response
    this.socket = request.socket
    this.route = facts.route
    this.phase = facts.phase
    this.turn = facts.turn
    this.useOfConnection = facts.useOfConnection
    this.#seed = facts.seed
    this.#timers = timers
  }

  get gone(): boolean {
    return this.socket.destroyed
  }

  random(): number {
    this.#random ??= seededRandom(this.#seed)
    return this.#random()
  }

  async sleep(ms: number): Promise<void> {
    if (ms > 0) await this.#timers.wait(ms)
  }

  async untilGone(): Promise<void> {
    if (this.gone) return
    // On the response, which is thrown away: a kept-alive socket would collect a listener for each request.
    await new Promise<void>((resolve) => {
      this.response.once('close', () => {
        if (this.gone || !this.response.writableFinished) resolve()
      })
    })
  }

  takeSocket(): Socket {
    this.tookSocket = true
    return this.socket
  }
}
