import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type {
  ClientOptions,
  FetchOptions,
  HoldfastFetch,
  InterceptorOptions,
  OptionsWatch,
  UndiciInterceptor,
  VersionedClient,
  WatchOptions,
} from '../../client/index.js'
import type { Contract, Operations } from '../../contract/index.js'
import type { Logger } from '../../telemetry/context/index.js'
import type { MetricsRegistry } from '../../telemetry/metrics/index.js'
import type { HealthChecks } from '../health/index.js'
import type { CloseHook, ShutdownResult, WorkContext } from '../lifecycle/index.js'

/** Where a service listens. */
export interface ListenOptions {
  /** 0 picks a free one. */
  readonly port: number
  /** @default every interface */
  readonly host?: string | undefined
}

/** A service that listens. */
export interface Listening {
  readonly server: Server
  /** The URL to reach it at from this machine. */
  readonly url: string
  readonly port: number
  /** The URL of the port for health and metrics, where it is one of its own. */
  readonly managementUrl: string | undefined
}

/** One service: what it logs, measures and says of its health, whom it calls, and how it stops. */
export interface Service<Registry extends MetricsRegistry = MetricsRegistry> {
  readonly name: string
  readonly version: string | undefined
  readonly environment: string | undefined
  readonly logger: Logger
  /** The registry, for metrics of your own; `undefined` with `metrics: false`. */
  readonly metrics: Registry
  readonly health: HealthChecks
  /**
   * Aborts when the service stops, after the drain delay: what has no end of its own, such as an event stream, ends
   * itself then.
   */
  readonly signal: AbortSignal
  /**
   * Closes something when the service stops, once no request is in flight. The last one added runs first.
   * @returns what takes the hook off again
   */
  onShutdown(name: string, hook: CloseHook): () => void
  /**
   * Tells somebody that the service is about to stop, as soon as it drains and serves on: a registry, so that callers
   * look away.
   * @returns what takes the hook off again
   */
  onDrain(name: string, hook: CloseHook): () => void
  /** Writes out what is buffered, after all hooks of `onShutdown`. */
  onFlush(name: string, hook: CloseHook): () => void
  /**
   * A client wired to the service: its calls are logged, counted and part of the request they are made for, its
   * breakers show in `/health`, and it is closed with the service.
   */
  createClient<const Name extends string, Ops extends Operations, const Versions extends string = never>(
    contract: Contract<Name, Ops>,
    options: ClientOptions<NoInfer<Ops>, Versions>,
  ): VersionedClient<Ops, Versions>
  /** A `createFetch()` wired to the service: its calls are logged, counted and traced, and it is closed with the service. */
  createFetch(options?: FetchOptions): HoldfastFetch
  /** An `undiciInterceptor()` wired to the service in the same way. The dispatcher stays yours to close. */
  undiciInterceptor(options?: InterceptorOptions): UndiciInterceptor
  /**
   * Reads options of the service's typed clients from a JSON file, by the names of their contracts, and again whenever
   * it changes, until the service stops. Make the clients first.
   * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong with the file.
   */
  watchOptions(file: string, options?: WatchOptions): OptionsWatch
  /**
   * Listens with an Express application, a Fastify instance or a request listener, and begins to follow signals. When
   * it fails nothing is left listening, and it may be tried again.
   * @throws {ConfigInvalidError} `CONFIG_INVALID` when the adapter is not mounted on `app`, or wrongly.
   * @throws {ClosedError} `CLOSED` when the service stops before it listens.
   */
  listen(app: ListenTarget, options: ListenOptions): Promise<Listening>
  /** Runs a worker that serves no HTTP until it ends or the service is told to stop, then shuts down. */
  run(work: (context: WorkContext) => unknown): Promise<void>
  /** Runs the whole shutdown and leaves the process alone. Called again, gives the same promise. */
  shutdown(reason?: string): Promise<ShutdownResult>
}

/** An application that makes its server by itself, and listens and closes by itself. */
export interface SelfListening {
  readonly server: unknown
  ready(): PromiseLike<unknown>
  listen(options: { port: number; host: string }): Promise<string>
  close(): PromiseLike<unknown>
}

/** The shape of `SelfListening` by its former name. */
export type FastifyLike = SelfListening

/** What a service can listen with: an application that is a request listener too, or one that listens by itself. */
export type ListenTarget = SelfListening | ((request: IncomingMessage, response: ServerResponse) => unknown)
