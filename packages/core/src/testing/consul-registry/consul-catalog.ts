import type {
  ConsulCheck,
  ConsulCheckDefinition,
  ConsulInstance,
  ConsulServiceDefinition,
  ConsulStatus,
} from './consul-types.js'

/** A bound, so that a loop in a test ends with an error rather than with the memory. */
const maxInstances = 10_000

/** The services of one agent, and the index with which each change is counted. */
export class ConsulCatalog {
  readonly #instances = new Map<string, ConsulInstance>()
  /** Of the latest change of each service, of one that has gone too. */
  readonly #indexes = new Map<string, number>()
  readonly #listeners = new Set<() => void>()
  #index = 10

  get instances(): readonly ConsulInstance[] {
    return [...this.#instances.values()]
  }

  find(id: string): ConsulInstance | undefined {
    return this.#instances.get(id)
  }

  /** What a question for a service is answered with as `X-Consul-Index`. */
  indexOf(name: string): number {
    return this.#indexes.get(name) ?? 1
  }

  named(name: string): ConsulInstance[] {
    return this.instances.filter(({ definition }) => definition.Name === name)
  }

  /** Puts a service in the place of the one with its id. Checks that go on keep their status. */
  register(definition: ConsulServiceDefinition): ConsulInstance {
    const id = definition.ID || definition.Name
    const before = this.#instances.get(id)
    if (before === undefined && this.#instances.size >= maxInstances) throw new Error('too many services')
    const definitions = [definition.Check ?? [], definition.Checks ?? []].flat()
    const checks = definitions.map((check, index) => checkOf(check, id, index, before))
    const instance: ConsulInstance = { definition, id, checks, criticalSince: undefined }
    this.#instances.set(id, instance)
    if (before !== undefined && before.definition.Name !== definition.Name)
      this.#count(before.definition.Name)
    this.#changed(instance)
    return instance
  }

  deregister(id: string): boolean {
    const instance = this.#instances.get(id)
    if (instance === undefined) return false
    this.#instances.delete(id)
    this.#changed(instance)
    return true
  }

  /** Sets the outcome of a check; nothing changes when it is the same. */
  report(instance: ConsulInstance, check: ConsulCheck, status: ConsulStatus, output: string): void {
    // The answer of a check that was under way while the service was replaced.
    if (this.#instances.get(instance.id) !== instance) return
    check.output = output
    if (check.status === status) return
    check.status = status
    this.#changed(instance)
  }

  /** Loses everything, as a server that is set up anew, or from an old snapshot: indexes begin at `index`. */
  forget(index: number): void {
    const names = [...this.#indexes.keys()]
    this.#instances.clear()
    this.#index = index
    for (const name of names) this.#indexes.set(name, index)
    this.#tell()
  }

  /** Calls `listener` after each change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #changed(instance: ConsulInstance): void {
    const isCritical = instance.checks.some(({ status }) => status === 'critical')
    instance.criticalSince = isCritical ? (instance.criticalSince ?? performance.now()) : undefined
    this.#count(instance.definition.Name)
    this.#tell()
  }

  #count(name: string): void {
    this.#indexes.set(name, ++this.#index)
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

function checkOf(
  definition: ConsulCheckDefinition,
  serviceId: string,
  index: number,
  before: ConsulInstance | undefined,
): ConsulCheck {
  const id =
    definition.CheckID || (index === 0 ? `service:${serviceId}` : `service:${serviceId}:${index + 1}`)
  const known = before?.checks.find((check) => check.id === id)
  return { id, definition, status: definition.Status ?? known?.status ?? 'critical', output: '' }
}
