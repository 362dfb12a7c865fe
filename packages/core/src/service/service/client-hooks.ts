import { type Client, ClientTelemetry, type Updater, updaterOf } from '../../client/index.js'
import type { Operations } from '../../contract/index.js'
import type { Logger } from '../../telemetry/context/index.js'
import type { Metrics, MetricsRegistry } from '../../telemetry/metrics/index.js'
import { clientCheck, type HealthRegistry } from '../health/index.js'
import type { Shutdown } from '../lifecycle/index.js'

/** What of a service its clients are wired to. */
export interface ClientHooksOptions {
  readonly logger: Logger
  readonly metrics: Metrics<MetricsRegistry> | undefined
  readonly health: HealthRegistry
  readonly shutdown: Shutdown
  readonly tracing: boolean
}

interface Closable {
  $close(): Promise<void>
}

/** Wires the clients of a service to its log, metrics, health and shutdown. */
export class ClientHooks {
  readonly #options: ClientHooksOptions
  readonly #names = new Map<string, number>()
  readonly #updaters = new Map<string, readonly Updater[]>()
  readonly #onAdded = new Set<() => void>()
  /** Told of the calls of every client. */
  readonly telemetry: ClientTelemetry

  constructor(options: ClientHooksOptions) {
    this.#options = options
    const { logger, metrics, tracing } = options
    this.telemetry = new ClientTelemetry({ logger, metrics, tracing })
  }

  /** A typed client shows in health, and is closed with the service. */
  wire<Ops extends Operations>(dependency: string, client: Client<Ops>): void {
    const name = this.#nameOf(dependency)
    const updater = updaterOf(client)
    if (updater !== undefined)
      this.#updaters.set(dependency, [...(this.#updaters.get(dependency) ?? []), updater])
    for (const added of this.#onAdded) added()
    this.#options.health.add(`client:${name}`, clientCheck(client), { critical: false })
    this.#options.shutdown.onShutdown(`client ${name}`, () => client.$close())
  }

  /** What changes the options of the typed clients, by dependency. */
  get updaters(): ReadonlyMap<string, readonly Updater[]> {
    return this.#updaters
  }

  /** Calls `listener` after each further typed client, until the returned function is called. */
  onAdded(listener: () => void): () => void {
    this.#onAdded.add(listener)
    return () => this.#onAdded.delete(listener)
  }

  /** What talks to any host is closed with the service. */
  closeLater<Face extends Closable>(kind: string, face: Face): Face {
    this.#options.shutdown.onShutdown(this.#nameOf(kind), () => face.$close())
    return face
  }

  /** Two clients of one dependency are told apart by a number. */
  #nameOf(dependency: string): string {
    const count = (this.#names.get(dependency) ?? 0) + 1
    this.#names.set(dependency, count)
    return count === 1 ? dependency : `${dependency}-${count}`
  }
}
