import type { IncomingMessage, ServerResponse } from 'node:http'
import { OptionCheck, show } from '../../foundation/config/index.js'
import { LoopbackListener } from '../fault-server/loopback-listener.js'
import type { KubernetesEndpoint, KubernetesSlice } from './kubernetes-slice.js'
import { SliceApi } from './slice-api.js'
import { SliceStore } from './slice-store.js'

/** Options of `kubernetesApi`. */
export interface KubernetesApiOptions {
  /** @default 0, which picks a free one */
  readonly port?: number | undefined
  /** What requests must carry as `authorization: Bearer …`. @default none */
  readonly token?: string | undefined
  /** Where slices go that are applied without a namespace. @default 'default' */
  readonly namespace?: string | undefined
}

/** One slice of a service, in short. */
export interface ServiceSlice {
  /** @default the service's name */
  readonly name?: string | undefined
  /** @default 'IPv4' */
  readonly addressType?: KubernetesSlice['addressType'] | undefined
  /** A number is a port without a name. */
  readonly ports: number | KubernetesSlice['ports']
  /** A text is the address of an endpoint that is ready. */
  readonly endpoints: readonly (string | KubernetesEndpoint)[]
}

/** An API of Kubernetes that runs. `await using` closes it. */
export interface KubernetesApi extends AsyncDisposable {
  /** For `address`. */
  readonly url: string
  readonly port: number
  /** How many watches are open. */
  readonly watches: number
  /** The paths that were asked for, with their queries; 1000 at most. */
  readonly requests: readonly string[]
  /** Creates a slice of a service, or replaces the one of its name. */
  applySlice(service: string, slice: ServiceSlice): void
  /** Takes a slice out; `false` where there was none. */
  removeSlice(name: string): boolean
  /** Tells every watch the version it has seen everything of. */
  bookmark(): void
  /** Forgets the history: who goes on from an older version gets `410 Gone`. */
  compact(): void
  /** Ends every watch: in order, with `410 Gone`, or by destroying its connection. @default 'done' */
  endWatches(how?: 'done' | 'gone' | 'broken'): void
  /** Stops listening and destroys all connections: further ones are refused. */
  refuse(): Promise<void>
  /** Listens again after `refuse()`, on the same port. */
  accept(): Promise<void>
  /** Ends everything. */
  close(): Promise<void>
}

const optionNames = ['port', 'token', 'namespace'] as const satisfies readonly (keyof KubernetesApiOptions)[]
const maxRequests = 1_000

class RunningKubernetesApi implements KubernetesApi {
  readonly #namespace: string
  readonly #requests: string[] = []
  readonly #store = new SliceStore()
  readonly #api: SliceApi
  readonly #listener: LoopbackListener

  constructor({ port = 0, token, namespace = 'default' }: KubernetesApiOptions) {
    this.#namespace = namespace
    this.#api = new SliceApi(this.#store, token)
    const listen = { host: '127.0.0.1', port, keepAliveTimeoutMs: 0 }
    this.#listener = new LoopbackListener((request, response) => this.#serve(request, response), listen)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get port(): number {
    return this.#listener.port
  }

  get watches(): number {
    return this.#api.watches
  }

  get requests(): readonly string[] {
    return this.#requests
  }

  applySlice(service: string, slice: ServiceSlice): void {
    const { name = service, addressType = 'IPv4', ports, endpoints } = slice
    this.#store.apply(this.#namespace, {
      metadata: { name, labels: { 'kubernetes.io/service-name': service } },
      addressType,
      ports: typeof ports === 'number' ? [{ name: '', port: ports, protocol: 'TCP' }] : ports,
      endpoints: endpoints.map((endpoint) => {
        if (typeof endpoint !== 'string') return endpoint
        return { addresses: [endpoint], conditions: { ready: true, serving: true, terminating: false } }
      }),
    })
  }

  removeSlice(name: string): boolean {
    return this.#store.remove(this.#namespace, name)
  }

  bookmark(): void {
    this.#api.bookmark()
  }

  compact(): void {
    this.#store.compact()
  }

  endWatches(how: 'done' | 'gone' | 'broken' = 'done'): void {
    this.#api.endWatches(how)
  }

  open(): Promise<void> {
    return this.#listener.open()
  }

  refuse(): Promise<void> {
    return this.#listener.close()
  }

  accept(): Promise<void> {
    return this.#listener.open()
  }

  close(): Promise<void> {
    return this.#listener.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#requests.push(request.url ?? '')
    if (this.#requests.length > maxRequests) this.#requests.shift()
    this.#api.serve(request, response)
  }
}

/**
 * Starts a server on the loopback interface that speaks the part of the API of Kubernetes that finding endpoints takes:
 * lists and watches of EndpointSlices, with bookmarks and with `410 Gone`. For tests and for demos.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { kubernetesApi } from '@holdfast/core/testing'
 *
 * await using api = await kubernetesApi()
 * api.applySlice('orders', { ports: 3000, endpoints: ['127.0.0.1'] })
 * const endpoints = kubernetesEndpoints({ service: 'orders', namespace: 'default', address: api.url, token: 'any' })
 * const client = createClient(orders, { endpoints })
 * console.log(await client.getOrder({ id: '42' }))
 * await client.$close()
 * ```
 */
export async function kubernetesApi(options: KubernetesApiOptions = {}): Promise<KubernetesApi> {
  const check = new OptionCheck('kubernetesApi()')
  if (check.object('', options, optionNames)) {
    check.number('port', options.port, { min: 0, max: 65_535, integer: true })
    for (const name of ['token', 'namespace'] as const) {
      const value: unknown = options[name]
      if (value === undefined || (typeof value === 'string' && value !== '')) continue
      check.add(name, `must be a text that is not empty, not ${show(value)}`)
    }
  }
  check.done()
  const api = new RunningKubernetesApi(options)
  await api.open()
  return api
}
