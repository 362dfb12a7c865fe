import type { Endpoint } from './endpoint.js'
import type { EndpointGuard, EndpointState } from './endpoint-state.js'

/** What an update has changed. */
export interface MembershipChange<Guard extends EndpointGuard> {
  readonly added: readonly EndpointState<Guard>[]
  readonly removed: readonly EndpointState<Guard>[]
  /** Whether weights, priorities or zones of some that stay have changed. */
  readonly hasEdits: boolean
}

/** An endpoint whose address changes is another one, even under its old id. */
const keyOf = ({ id, url }: Endpoint): string => `${url} ${id}`

const isChosenOtherwise = (before: Endpoint, now: Endpoint): boolean =>
  before.weight !== now.weight || before.priority !== now.priority || before.zone !== now.zone

/** Which endpoints there are, and which have gone but still have calls in flight. */
export class Membership<Guard extends EndpointGuard> {
  readonly #max: number
  readonly #create: (endpoint: Endpoint) => EndpointState<Guard>
  readonly #listed = new Map<string, EndpointState<Guard>>()
  /** So that one that comes back finds its calls, and what was known of it. */
  readonly #draining = new Map<string, EndpointState<Guard>>()

  constructor(max: number, create: (endpoint: Endpoint) => EndpointState<Guard>) {
    this.#max = max
    this.#create = create
  }

  get listed(): Iterable<EndpointState<Guard>> {
    return this.#listed.values()
  }

  get draining(): Iterable<EndpointState<Guard>> {
    return this.#draining.values()
  }

  get size(): number {
    return this.#listed.size
  }

  get drainingSize(): number {
    return this.#draining.size
  }

  apply(endpoints: readonly Endpoint[]): MembershipChange<Guard> {
    const wanted = new Map(this.#bounded(endpoints).map((endpoint) => [keyOf(endpoint), endpoint]))
    const removed: EndpointState<Guard>[] = []
    for (const [key, state] of this.#listed) {
      if (wanted.has(key)) continue
      this.#listed.delete(key)
      removed.push(state)
      this.#drain(key, state)
    }
    const added: EndpointState<Guard>[] = []
    let hasEdits = false
    for (const [key, endpoint] of wanted) {
      const known = this.#listed.get(key)
      if (known === undefined) added.push(this.#admit(key, endpoint))
      else {
        hasEdits ||= isChosenOtherwise(known.endpoint, endpoint)
        known.endpoint = endpoint
      }
    }
    return { added, removed, hasEdits }
  }

  /** Forgets one that has drained. */
  forget(state: EndpointState<Guard>): void {
    const key = keyOf(state.endpoint)
    // Beyond the bound it may have been forgotten before, and another have its place.
    if (this.#draining.get(key) === state) this.#draining.delete(key)
  }

  #admit(key: string, endpoint: Endpoint): EndpointState<Guard> {
    const returning = this.#draining.get(key)
    this.#draining.delete(key)
    const state = returning ?? this.#create(endpoint)
    state.endpoint = endpoint
    state.draining = false
    this.#listed.set(key, state)
    return state
  }

  #drain(key: string, state: EndpointState<Guard>): void {
    state.draining = true
    if (state.inFlight === 0) return
    this.#draining.set(key, state)
    // Its calls still hold it and will close it; it only cannot come back any more.
    for (const oldest of this.#draining.keys()) {
      if (this.#draining.size <= this.#max) break
      this.#draining.delete(oldest)
    }
  }

  /** Of too many, those that are in use stay: a list in another order must not exchange them. */
  #bounded(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    if (endpoints.length <= this.#max) return endpoints
    const inUse = endpoints.filter((endpoint) => this.#listed.has(keyOf(endpoint)))
    const others = endpoints.filter((endpoint) => !this.#listed.has(keyOf(endpoint)))
    return [...inUse, ...others].slice(0, this.#max)
  }
}
