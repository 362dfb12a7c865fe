import { type OptionChange, OptionCheck } from '../../../foundation/config/index.js'
import type { PreparedUpdate, Updater } from '../updatable.js'
import type { FileState } from './file-watch.js'
import { readLayers } from './option-layers.js'

/** The clients that a file is about, by name. Several may have one name. */
export type UpdatedClients = ReadonlyMap<string, readonly Updater[]>

/** One option of one client that a file has changed, such as `orders.timeoutMs`. */
export type FileChange = OptionChange

/**
 * Lays what a file says over the options of all clients, or leaves all of them as they are.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong with the file at once.
 */
export function applyFile(
  file: string,
  state: FileState,
  clients: UpdatedClients,
  isOptional: boolean,
): readonly FileChange[] {
  const check = new OptionCheck(file)
  const layers = readLayers(check, state, { names: [...clients.keys()], isOptional })
  const prepared: (readonly [string, PreparedUpdate])[] = []
  for (const [name, updaters] of clients) {
    for (const updater of updaters) {
      if (updater.isClosed) continue
      check.nest(`clients.${name}`, () => {
        prepared.push([name, updater.prepare({ file: layers[name] ?? {} })])
      })
    }
  }
  check.done()
  for (const [, update] of prepared) update.apply()
  return prepared.flatMap(([name, { changes }]) =>
    changes.map(({ option, ...change }) => ({ option: `${name}.${option}`, ...change })),
  )
}
