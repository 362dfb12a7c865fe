import type { IncomingMessage, ServerResponse } from 'node:http'
import { OptionCheck, show } from '../../foundation/config/index.js'
import { LoopbackListener } from '../fault-server/loopback-listener.js'
import { ConsulApi } from './consul-api.js'
import { ConsulCatalog } from './consul-catalog.js'
import { ConsulChecks } from './consul-checks.js'
import type { ConsulServiceDefinition, ConsulStatus } from './consul-types.js'

/** Options of `consulRegistry`. */
export interface ConsulRegistryOptions {
  /** @default 0, which picks a free one */
  readonly port?: number | undefined
  /** What requests must carry as `x-consul-token`. @default none */
  readonly token?: string | undefined
  /** The name of its node. @default 'embedded' */
  readonly node?: string | undefined
  /** The zone of its node: its meta value `zone`. @default none */
  readonly zone?: string | undefined
  /** @default 'dc1' */
  readonly datacenter?: string | undefined
}

/** A request to the registry. */
export interface ConsulRegistryRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
}

/** What is registered. */
export interface ConsulRegistryService {
  readonly id: string
  readonly name: string
  readonly address: string
  readonly port: number
  readonly status: ConsulStatus
}

/** A registry that runs. `await using` closes it. */
export interface ConsulRegistry extends AsyncDisposable {
  /** For `address`. */
  readonly url: string
  readonly port: number
  /** What is registered now. */
  readonly services: readonly ConsulRegistryService[]
  /** The latest requests, 1000 at most, in the order in which they arrived. */
  readonly requests: readonly ConsulRegistryRequest[]
  /** While `true`, questions that should wait for a change are answered at once. */
  answersAtOnce: boolean
  /** Registers a service as the API does. */
  register(service: ConsulServiceDefinition): void
  /** Takes a service out; `false` where there was none. */
  deregister(id: string): boolean
  /** Sets what all checks of a service say. */
  setStatus(id: string, status: ConsulStatus): void
  /** Forgets every service, and counts changes from `index` on: as after an agent has lost its data. @default 1 */
  forget(index?: number): void
  /** Stops listening and destroys all connections: further ones are refused. */
  refuse(): Promise<void>
  /** Listens again after `refuse()`, on the same port. */
  accept(): Promise<void>
  /** Ends everything. */
  close(): Promise<void>
}

const optionNames = [
  'port',
  'token',
  'node',
  'zone',
  'datacenter',
] as const satisfies readonly (keyof ConsulRegistryOptions)[]
const maxRequests = 1_000

class RunningConsulRegistry implements ConsulRegistry {
  answersAtOnce = false
  readonly #requests: ConsulRegistryRequest[] = []
  readonly #catalog = new ConsulCatalog()
  readonly #checks = new ConsulChecks(this.#catalog)
  readonly #listener: LoopbackListener
  readonly #api: ConsulApi

  constructor({ port = 0, token, node = 'embedded', zone, datacenter = 'dc1' }: ConsulRegistryOptions) {
    this.#api = new ConsulApi({
      catalog: this.#catalog,
      checks: this.#checks,
      token,
      node: { name: node, datacenter, zone },
      answersAtOnce: () => this.answersAtOnce,
    })
    const listen = { host: '127.0.0.1', port, keepAliveTimeoutMs: 0 }
    this.#listener = new LoopbackListener((request, response) => this.#serve(request, response), listen)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get port(): number {
    return this.#listener.port
  }

  get requests(): readonly ConsulRegistryRequest[] {
    return this.#requests
  }

  get services(): readonly ConsulRegistryService[] {
    return this.#catalog.instances.map(({ id, definition, checks }) => {
      const { Name: name, Address: address = '127.0.0.1', Port: port = 0 } = definition
      const worst = (['critical', 'warning'] as const).find((one) =>
        checks.some(({ status }) => status === one),
      )
      return { id, name, address, port, status: worst ?? 'passing' }
    })
  }

  async open(): Promise<void> {
    await this.#listener.open()
    this.#checks.start()
  }

  register(service: ConsulServiceDefinition): void {
    this.#catalog.register(service)
  }

  deregister(id: string): boolean {
    return this.#catalog.deregister(id)
  }

  setStatus(id: string, status: ConsulStatus): void {
    const instance = this.#catalog.find(id)
    for (const check of instance?.checks ?? []) {
      if (instance !== undefined) this.#catalog.report(instance, check, status, 'set by hand')
    }
  }

  forget(index = 1): void {
    this.#catalog.forget(index)
  }

  refuse(): Promise<void> {
    return this.#listener.close()
  }

  accept(): Promise<void> {
    return this.#listener.open()
  }

  async close(): Promise<void> {
    this.#checks.close()
    await this.#listener.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#requests.push({ method: request.method ?? '', path: request.url ?? '' })
    if (this.#requests.length > maxRequests) this.#requests.shift()
    void this.#api.serve(request, response)
  }
}

/**
 * Starts a registry on the loopback interface that speaks the part of Consul's HTTP API that finding and registering
 * services takes: blocking queries, HTTP and TTL checks, tokens. For tests and for demos; it keeps nothing when it ends,
 * and checks only what runs on this machine.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { consulRegistry } from '@holdfast/core/testing'
 *
 * await using consul = await consulRegistry()
 * consul.register({ Name: 'orders', ID: 'orders-1', Address: '127.0.0.1', Port: 3000 })
 * const client = createClient(orders, { endpoints: consulEndpoints({ service: 'orders', address: consul.url }) })
 * console.log(await client.getOrder({ id: '42' }))
 * await client.$close()
 * ```
 */
export async function consulRegistry(options: ConsulRegistryOptions = {}): Promise<ConsulRegistry> {
  const check = new OptionCheck('consulRegistry()')
  if (check.object('', options, optionNames)) {
    check.number('port', options.port, { min: 0, max: 65_535, integer: true })
    for (const name of ['token', 'node', 'zone', 'datacenter'] as const) {
      const value: unknown = options[name]
      if (value === undefined || (typeof value === 'string' && value !== '')) continue
      check.add(name, `must be a text that is not empty, not ${show(value)}`)
    }
  }
  check.done()
  const registry = new RunningConsulRegistry(options)
  await registry.open()
  return registry
}
