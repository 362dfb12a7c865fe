import type { KubernetesSlice } from './kubernetes-slice.js'

/** What has happened to a slice. */
export interface SliceEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly version: number
  readonly namespace: string
  readonly object: KubernetesSlice
}

const maxSlices = 10_000
const maxHistory = 1_000

/** The slices of a cluster, and the history that watches go by. */
export class SliceStore {
  readonly #slices = new Map<string, { readonly namespace: string; readonly slice: KubernetesSlice }>()
  readonly #listeners = new Set<(event: SliceEvent) => void>()
  #history: SliceEvent[] = []
  /** Of what happened before, nothing is known any more. */
  #oldest = 100
  version = 100

  list(namespace: string): KubernetesSlice[] {
    return [...this.#slices.values()]
      .filter((entry) => entry.namespace === namespace)
      .map(({ slice }) => slice)
  }

  apply(namespace: string, given: KubernetesSlice): void {
    const key = `${namespace}/${given.metadata.name}`
    const type = this.#slices.has(key) ? 'MODIFIED' : 'ADDED'
    if (type === 'ADDED' && this.#slices.size >= maxSlices) throw new Error('too many slices')
    const slice = this.#versioned(namespace, given)
    this.#slices.set(key, { namespace, slice })
    this.#tell({ type, version: this.version, namespace, object: slice })
  }

  remove(namespace: string, name: string): boolean {
    const key = `${namespace}/${name}`
    const entry = this.#slices.get(key)
    if (entry === undefined) return false
    this.#slices.delete(key)
    const object = this.#versioned(namespace, entry.slice)
    this.#tell({ type: 'DELETED', version: this.version, namespace, object })
    return true
  }

  /** What has happened since `version`; `undefined` where that is not known any more. */
  since(version: number): readonly SliceEvent[] | undefined {
    return version < this.#oldest ? undefined : this.#history.filter((event) => event.version > version)
  }

  /** Forgets the history, as a cluster does after some minutes. */
  compact(): void {
    this.version++
    this.#oldest = this.version
    this.#history = []
  }

  onEvent(listener: (event: SliceEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #versioned(namespace: string, slice: KubernetesSlice): KubernetesSlice {
    this.version++
    const metadata = { ...slice.metadata, namespace, resourceVersion: `${this.version}` }
    return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', ...slice, metadata } as KubernetesSlice
  }

  #tell(event: SliceEvent): void {
    this.#history.push(event)
    const forgotten = this.#history.length > maxHistory ? this.#history.shift() : undefined
    if (forgotten !== undefined) this.#oldest = forgotten.version
    for (const listener of [...this.#listeners]) listener(event)
  }
}
