import type { IncomingMessage, ServerResponse } from 'node:http'
import { OptionCheck, show } from '../../foundation/config/index.js'
import { answer } from '../faults/answer.js'
import type { Behaviour } from '../faults/fault.js'
import { phaseNames, runBehaviour } from '../faults/run-behaviour.js'
import { ServerExchange } from './exchange.js'
import type { FaultServer, ReceivedOptions } from './fault-server-interface.js'
import { LoopbackListener } from './loopback-listener.js'
import {
  checkRoutes,
  type FaultServerOptions,
  type ResolvedFaultServerOptions,
  resolveFaultServerOptions,
} from './options.js'
import { type RecordedRequest, RequestEntry, RequestLog } from './request-log.js'
import { type Route, RouteTable } from './route-table.js'
import { type FaultServerStats, ServerStats } from './server-stats.js'
import { Timers } from './timers.js'
import { Verdicts } from './verdicts.js'

const unmatched: Route = { pattern: '<unmatched>', behaviour: answer(404) }
const endOfList = answer()

class RunningFaultServer implements FaultServer {
  readonly #options: ResolvedFaultServerOptions
  readonly #routes: RouteTable
  readonly #listener: LoopbackListener
  readonly #log: RequestLog
  readonly #verdicts: Verdicts
  readonly #stats = new ServerStats()
  readonly #timers = new Timers()
  #phase: string

  constructor(options: ResolvedFaultServerOptions) {
    this.#options = options
    this.#routes = new RouteTable(options.routes)
    this.#log = new RequestLog(options.logSize)
    this.#verdicts = new Verdicts(options.seed, options.verdictHeader)
    this.#listener = new LoopbackListener((request, response) => this.#serve(request, response), options)
    this.#phase = this.#knownPhases()[0] ?? 'default'
    if (options.phase !== undefined) this.phase(options.phase)
  }

  get url(): string {
    const { host } = this.#options
    return `http://${host === '::1' ? '[::1]' : host}:${this.port}`
  }

  get port(): number {
    return this.#listener.port
  }

  get currentPhase(): string {
    return this.#phase
  }

  get requests(): readonly RecordedRequest[] {
    return this.#log.entries
  }

  open(): Promise<void> {
    return this.#listener.open()
  }

  set(pattern: string, behaviour: Behaviour): void {
    const check = new OptionCheck('set()')
    checkRoutes(check, { [pattern]: behaviour })
    check.done()
    this.#routes.set(pattern, behaviour)
  }

  phase(name: string): void {
    const known = this.#knownPhases()
    const check = new OptionCheck('phase()')
    if (!known.includes(name)) {
      const remedy =
        known.length === 0 ? 'no route has phases()' : `the routes know ${known.map(show).join(', ')}`
      check.add('', `is not given ${show(name)} by any route; ${remedy}`)
    }
    check.done()
    this.#phase = name
    this.#verdicts.restart()
  }

  refuse(): Promise<void> {
    return this.#listener.close()
  }

  accept(): Promise<void> {
    return this.#listener.open()
  }

  dropConnections(): void {
    this.#listener.dropConnections()
  }

  dropIdleConnections(): void {
    this.#listener.dropIdleConnections()
  }

  received(count: number, options: ReceivedOptions = {}): Promise<void> {
    const arrived = this.#log.received(count, options.timeoutMs ?? 5_000)
    // Whoever does not look at it, because the test failed first, should not hear of an unhandled rejection as well.
    arrived.catch(() => {})
    return arrived
  }

  stats(): FaultServerStats {
    return this.#stats.snapshot(this.#listener.connections, this.#listener.connectionsTotal)
  }

  clear(): void {
    this.#log.clear()
    this.#stats.clear()
    this.#verdicts.restart()
  }

  async close(): Promise<void> {
    this.#timers.drop()
    this.#log.close()
    await this.#listener.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #knownPhases(): string[] {
    return [...new Set(this.#routes.all.flatMap(({ behaviour }) => phaseNames(behaviour)))]
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const route = this.#routes.find(request.method ?? '', request.url ?? '') ?? unmatched
    const phase = this.#phase
    const verdict = this.#verdicts.next(route.pattern, phase, request.headers)
    const connection = this.#listener.use(request.socket)
    const facts = { route: route.pattern, phase, useOfConnection: connection.uses, ...verdict }
    const exchange = new ServerExchange(request, response, facts, this.#timers)
    const entry = new RequestEntry(exchange, connection.id)
    if (this.#options.recordBodies) entry.recordBody(request)
    this.#log.add(entry)
    this.#stats.arrived(entry)
    response.once('close', () => this.#ended(exchange, entry))
    void this.#treat(exchange, entry, route.behaviour)
  }

  async #treat(exchange: ServerExchange, entry: RequestEntry, behaviour: Behaviour): Promise<void> {
    try {
      await runBehaviour(behaviour, exchange, () => runBehaviour(endOfList, exchange, async () => {}))
    } catch (error) {
      entry.error = error
      fail(exchange)
    }
    if (exchange.gone && entry.outcome !== 'answered' && !exchange.tookSocket) this.#stats.abandoned(entry)
  }

  #ended(exchange: ServerExchange, entry: RequestEntry): void {
    if (exchange.tookSocket) entry.outcome = 'faulted'
    else entry.outcome = exchange.response.writableFinished ? 'answered' : 'aborted'
    if (entry.outcome === 'answered') entry.status = exchange.response.statusCode
    this.#stats.ended(entry)
  }
}

function fail({ response, socket }: ServerExchange): void {
  if (response.headersSent) socket.destroy()
  else
    response
      .writeHead(500, { 'content-type': 'text/plain' })
      .end('the listener threw; see error in server.requests')
}

/**
 * Starts an HTTP server that misbehaves on request, on a loopback address: for tests of what a client does with a
 * service that is slow, broken or gone. Give its URL to the client under test.
 *
 * What happens to a request by chance depends on `seed`, on its route, on the server's phase, and on how many
 * requests this route has had since the phase began; timing has no part in it. Two clients that meet the same seed
 * one after the other meet the same sequence of faults. `verdictHeader` counts by the value of a header instead.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { answer, delay, faultServer, sometimes } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({
 *   seed: 42,
 *   routes: {
 *     'GET /orders/{id}': [delay(5), sometimes(0.5, answer(503)), answer(200, { json: { id: '42' } })],
 *   },
 * })
 * const response = await fetch(`${server.url}/orders/42`)
 * console.log(response.status, server.requests[0]?.path)
 * ```
 */
export async function faultServer(options: FaultServerOptions = {}): Promise<FaultServer> {
  const server = new RunningFaultServer(resolveFaultServerOptions(options))
  await server.open()
  return server
}
