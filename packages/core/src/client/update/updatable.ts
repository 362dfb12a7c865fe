import type { OptionChange } from '../../foundation/config/index.js'

/** The two origins of a client's options: what the code says, and what a file lays over it. */
export interface OptionLayers {
  /** Merged onto what the code has said so far. */
  readonly code?: object | undefined
  /** In place of what the file has said so far. */
  readonly file?: object
}

/** An update that has been checked and changes nothing yet. */
export interface PreparedUpdate {
  readonly changes: readonly OptionChange[]
  apply(): void
}

/** What changes a client's options. */
export interface Updater {
  /** Whether the client is closed, so that there is nothing left to change. */
  readonly isClosed: boolean
  /** @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once. */
  prepare(layers: OptionLayers): PreparedUpdate
}

/** A property of its own, because what wraps a client, such as a mock, copies its properties. */
const updater = Symbol('updater')

/** Has `updaterOf` find the updater of a client by its controls. */
export function withUpdater<Controls extends object>(controls: Controls, found: Updater): Controls {
  return Object.assign(controls, { [updater]: found })
}

/** The updater of a client; `undefined` for what is no client. */
export function updaterOf(client: unknown): Updater | undefined {
  return (client as { readonly [updater]?: Updater } | null | undefined)?.[updater]
}
