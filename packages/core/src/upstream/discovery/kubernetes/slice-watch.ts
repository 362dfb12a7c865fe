import { HttpError, isHoldfastError } from '../../../foundation/errors/index.js'
import type { Execution } from '../../../policies/index.js'
import type { ResolverListener, ResolverWatch } from '../../endpoints/index.js'
import { type RoundResult, WatchLoop, type WatchRounds } from '../watch-loop.js'
import type { EndpointSlice } from './endpoint-slice.js'
import { jsonLines } from './json-lines.js'
import { type KubernetesAccess, ServiceAccount } from './service-account.js'
import { endpointsOf, type SliceReading } from './slice-endpoints.js'

/** What a watch goes by. */
export interface SliceWatchSettings {
  readonly access: KubernetesAccess
  readonly service: string
  readonly readingFor: (namespace: string) => SliceReading
  readonly watchMs: number
  readonly timeoutMs: number
  readonly minRefreshMs: number
  readonly random: () => number
}

interface SliceList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items?: readonly EndpointSlice[] | null
}

interface WatchEvent {
  readonly type?: string
  readonly object?: EndpointSlice & { readonly code?: number; readonly message?: string }
}

const pageSize = 500
const maxPages = 100

/**
 * Lists the slices of a service and watches them, as the API conventions of Kubernetes have it: from the version of
 * the list on, from the last version seen when a watch ends, and from a new list when that version is gone.
 */
class SliceRounds implements WatchRounds {
  readonly #settings: SliceWatchSettings
  readonly #listener: ResolverListener
  readonly #account: ServiceAccount
  #slices = new Map<string, EndpointSlice>()
  /** Where to watch from; `undefined` where a list must come first. */
  #version: string | undefined = undefined

  constructor(settings: SliceWatchSettings, listener: ResolverListener) {
    this.#settings = settings
    this.#listener = listener
    this.#account = new ServiceAccount(settings.access)
  }

  failed(error: unknown): void {
    this.#listener.error(error)
  }

  closed(): void {
    void this.#account.close()
  }

  async round(execution: Execution, isFresh: boolean): Promise<RoundResult> {
    try {
      if (isFresh) this.#version = undefined
      if (this.#version !== undefined) return await this.#watch(this.#version, execution)
      await this.#list(execution)
      return { isNews: true }
    } catch (error) {
      if (!isGone(error)) throw error
      // History is kept for some minutes only. To have missed it is no failure.
      this.#version = undefined
      return { isNews: false }
    }
  }

  async #list(execution: Execution): Promise<void> {
    const { service, timeoutMs } = this.#settings
    const namespace = await this.#account.namespace()
    const slices = new Map<string, EndpointSlice>()
    let list: SliceList = {}
    for (let page = 0; page < maxPages; page++) {
      const next = list.metadata?.continue
      const path = pathOf(namespace, service, { limit: pageSize, ...(next ? { continue: next } : {}) })
      const [client, headers] = await Promise.all([this.#account.client(), this.#account.headers()])
      const answer = await client.ask({ path, headers, timeoutMs }, execution)
      list = client.parse(answer) as SliceList
      if (!Array.isArray(list?.items)) throw client.unexpected(answer, 'is no list of EndpointSlices')
      for (const slice of list.items) slices.set(nameOf(slice), slice)
      if (!list.metadata?.continue) break
    }
    if (execution.aborted) return
    this.#slices = slices
    this.#version = list.metadata?.resourceVersion
    this.#tell(namespace)
  }

  async #watch(version: string, execution: Execution): Promise<RoundResult> {
    const { service, watchMs, timeoutMs } = this.#settings
    const namespace = await this.#account.namespace()
    const path = pathOf(namespace, service, {
      watch: 1,
      allowWatchBookmarks: true,
      resourceVersion: version,
      timeoutSeconds: Math.max(1, Math.ceil(watchMs / 1_000)),
    })
    const [client, headers] = await Promise.all([this.#account.client(), this.#account.headers()])
    const request = { path, headers, timeoutMs, waits: true }
    const stream = await client.stream(request, watchMs + timeoutMs, execution)
    let isNews = false
    try {
      for await (const event of jsonLines(stream)) {
        if (execution.aborted) break
        if (!this.#apply(event as WatchEvent)) continue
        isNews = true
        this.#tell(namespace)
      }
    } catch (error) {
      // A watch that breaks has ended, as it does all the time; the next goes on from what was seen last.
      if (!isHoldfastError(error) || error instanceof HttpError) throw error
    }
    return { isNews }
  }

  /** Whether the slices are others now. */
  #apply({ type, object = {} }: WatchEvent): boolean {
    if (type === 'ERROR') throw refusedBy(object)
    this.#version = object.metadata?.resourceVersion ?? this.#version
    if (type === 'ADDED' || type === 'MODIFIED') this.#slices.set(nameOf(object), object)
    else if (type === 'DELETED') this.#slices.delete(nameOf(object))
    else return false
    return true
  }

  #tell(namespace: string): void {
    try {
      this.#listener.update(endpointsOf(this.#slices.values(), this.#settings.readingFor(namespace)))
    } catch (error) {
      this.#listener.error(error)
    }
  }
}

/** Tells `listener` of the endpoints of a service until it is closed. */
export function watchSlices(settings: SliceWatchSettings, listener: ResolverListener): ResolverWatch {
  const { watchMs, minRefreshMs, random } = settings
  const loop = new WatchLoop(new SliceRounds(settings, listener), {
    idleMs: watchMs / 2,
    minRefreshMs,
    random,
  })
  loop.start()
  return loop
}

function pathOf(namespace: string, service: string, query: Readonly<Record<string, unknown>>): string {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`)
  const rest = Object.entries(query).map(([name, value]) => `&${name}=${encodeURIComponent(String(value))}`)
  const folder = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`
  return `${folder}?labelSelector=${selector}${rest.join('')}`
}

function nameOf({ metadata }: EndpointSlice): string {
  return metadata?.name ?? ''
}

const gone = 410

function refusedBy({
  code = 500,
  message = 'no reason given',
}: NonNullable<WatchEvent['object']>): HttpError {
  const response = { status: code, headers: {}, body: message, declared: false }
  return new HttpError(`Kubernetes ended the watch: ${message}`, response)
}

function isGone(error: unknown): boolean {
  return error instanceof HttpError && error.status === gone
}
