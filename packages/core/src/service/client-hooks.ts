import type { Client, ClientObserver } from '../client/index.js'
import type { Logger } from '../context/index.js'
import type { Operations } from '../contract/index.js'
import { clientCheck, type HealthRegistry } from '../health/index.js'
import type { Shutdown } from '../lifecycle/index.js'
import { ClientLog } from '../logging/index.js'
import type { Metrics, MetricsRegistry } from '../metrics/index.js'
import { CallWatcher } from './call-watcher.js'

/** What of a service its clients are wired to. */
export interface ClientHooksOptions {
  readonly logger: Logger
  readonly metrics: Metrics<MetricsRegistry> | undefined
  readonly health: HealthRegistry
  readonly shutdown: Shutdown
  readonly tracing: boolean
}

/** Wires the clients of a service to its log, metrics, health and shutdown. */
export class ClientHooks {
  readonly #options: ClientHooksOptions
  readonly #log: ClientLog
  readonly #names = new Map<string, number>()
  /** What the calls of every client are watched by. */
  readonly calls: ClientObserver

  constructor(options: ClientHooksOptions) {
    this.#options = options
    this.#log = new ClientLog(options.logger)
    const { metrics, tracing } = options
    this.calls = new CallWatcher({ log: this.#log, metrics: metrics?.client, tracing })
  }

  wire<Ops extends Operations>(dependency: string, client: Client<Ops>): void {
    const { health, metrics, shutdown } = this.#options
    const name = this.#nameOf(dependency)
    this.#log.watch(client)
    metrics?.client.watch(client)
    health.add(`client:${name}`, clientCheck(client), { critical: false })
    shutdown.onShutdown(`client ${name}`, () => client.$close())
  }

  /** Two clients of one dependency are told apart by a number. */
  #nameOf(dependency: string): string {
    const count = (this.#names.get(dependency) ?? 0) + 1
    this.#names.set(dependency, count)
    return count === 1 ? dependency : `${dependency}-${count}`
  }
}
