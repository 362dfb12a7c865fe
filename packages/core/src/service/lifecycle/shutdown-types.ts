import type { Server } from 'node:http'
import type { Logger } from '../../telemetry/context/index.js'
import type { CloseHook } from './close-hooks.js'
import type { ProcessEvents } from './process-exit.js'
import type { ShutdownTimes } from './shutdown-options.js'

/** Options of `createShutdown`. */
export interface ShutdownOptions extends ShutdownTimes {
  /** Hears of every phase. */
  readonly logger?: Logger | undefined
  /**
   * Whether SIGTERM, SIGINT and uncaught errors shut the service down and end the process.
   * @default true
   */
  readonly signals?: boolean | undefined
  /** Called first of all, to make readiness fail. */
  readonly onDraining?: (() => void) | undefined
  /**
   * Ends the process.
   * @default process.exit
   */
  readonly exit?: ((code: number) => void) | undefined
  /**
   * What signals and uncaught errors are listened to on.
   * @default process
   */
  readonly process?: ProcessEvents | undefined
}

/** How a shutdown went. */
export interface ShutdownResult {
  /** Whether every request was answered and every hook ended in time. */
  readonly clean: boolean
  readonly durationMs: number
}

/** What a server is for. One for management answers until the hooks have run, and is not waited for. */
export type ServerRole = 'traffic' | 'management'

/** What a worker is called with. */
export interface WorkContext {
  /** Aborts when the service shuts down. */
  readonly signal: AbortSignal
}

/** Ends a service in order. */
export interface Shutdown {
  readonly state: 'running' | 'draining' | 'closing' | 'stopped'
  /** Aborts when the drain delay is over: the time for streams without an end, and for workers, to end. */
  readonly signal: AbortSignal
  /**
   * Closes something once no request is in flight. The last one added runs first.
   * @returns what takes the hook off again
   * @throws {ClosedError} `CLOSED` when the hooks have run.
   */
  onShutdown(name: string, hook: CloseHook): () => void
  /**
   * Tells somebody that the service drains, as soon as it does: a registry, so that callers look away. All of these run
   * together with the drain delay, and may take as long as that, or a second if that is longer.
   * @returns what takes the hook off again
   * @throws {ClosedError} `CLOSED` when the service drains already.
   */
  onDrain(name: string, hook: CloseHook): () => void
  /** Writes out what is buffered, after all close hooks. */
  onFlush(name: string, hook: CloseHook): () => void
  /** Follows the requests and connections of a server. Do it before it listens. */
  track(server: Server, role?: ServerRole): void
  /** Begins to listen to signals and uncaught errors, unless `signals` is false. */
  listenToProcess(): void
  /** Runs the whole shutdown, and leaves the process alone. Called again, gives the same promise. */
  shutdown(reason?: string): Promise<ShutdownResult>
  /**
   * Runs a worker that serves no HTTP: until it ends, or until a signal aborts its `signal`. Then the shutdown follows,
   * and the end of the process.
   */
  run(work: (context: WorkContext) => unknown): Promise<void>
}
