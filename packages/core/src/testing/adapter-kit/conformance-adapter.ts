import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Listening, Service } from '../../service/service/index.js'

/** What a route of the suite is called with. */
export interface ConformanceCall {
  readonly params: Readonly<Record<string, string>>
  /** Parsed, where it was JSON. */
  readonly body: unknown
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Sets the status of the answer, as handlers of the framework do. */
  setStatus(status: number): void
  /** Sets a header of the answer, as handlers of the framework do. */
  setHeader(name: string, value: string): void
}

/** One route that the suite wants answered. */
export interface ConformanceRoute {
  readonly method: 'GET' | 'POST'
  /** The path that the router of the route is mounted at, with parameters as `:name`. */
  readonly mount?: string
  readonly path: string
  /** Gives what is sent as JSON; `undefined` when it answers by `response` itself. */
  handle(call: ConformanceCall): unknown
}

/** How the suite drives a framework. */
export interface ConformanceAdapter {
  /** The framework and its version. */
  readonly name: string
  /** Builds an application with the adapter, its error handler and these routes, and has `service` listen with it. */
  start(service: Service, routes: readonly ConformanceRoute[]): Promise<Listening>
}

/** One thing that every adapter must get right. */
export interface ConformanceCase {
  readonly name: string
  run(adapter: ConformanceAdapter): Promise<void>
}
