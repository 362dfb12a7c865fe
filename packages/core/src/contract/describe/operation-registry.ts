interface OperationName {
  readonly contract: string
  readonly operation: string
}

const registryKey = Symbol.for('holdfast.operations')
type Registry = WeakMap<object, readonly OperationName[]>
const holder = globalThis as { [registryKey]?: Registry }

/** On the global object, so that an operation is known to every copy of this package. */
function registry(): Registry {
  holder[registryKey] ??= new WeakMap()
  return holder[registryKey]
}

/** Remembers what `operation` is called, without writing on an object that is the application's. */
export function registerOperation(operation: object, contract: string, name: string): void {
  registry().set(operation, [...namesOf(operation), { contract, operation: name }])
}

/** What the operation is called, in every contract that has it; empty when it is in none. */
export function namesOf(operation: object): readonly OperationName[] {
  return registry().get(operation) ?? []
}
