/** Has a policy take on other options as a whole. For clients, which know all of them; `update()` is for everybody else. */
export const takeOn = Symbol('takeOn')

/** A policy whose options can change while its state stays. */
export interface Reconfigurable<Options extends object> {
  /** What is not given is the default again. Throws before anything has changed. */
  [takeOn](options: Options): void
}

/**
 * Has a policy of this package take on `options` as a whole, and keep its state.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when one is out of range; then nothing has changed.
 */
export function reconfigure<Options extends object>(policy: object, options: Options): void {
  const reconfigurable = policy as Reconfigurable<Options>
  reconfigurable[takeOn](options)
}
