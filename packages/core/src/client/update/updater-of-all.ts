import { ConfigInvalidError } from '../../foundation/errors/index.js'
import { type OptionLayers, type Updater, updaterOf } from './updatable.js'

/** Changes the options of the clients of all versions of a dependency, or of none. */
export function updaterOfAll(dependency: string, clients: readonly object[]): Updater {
  const updaters = clients.map(updaterOf).filter((updater) => updater !== undefined)
  return {
    get isClosed() {
      return updaters.every(({ isClosed }) => isClosed)
    },
    prepare(layers) {
      checkQuota(dependency, layers)
      const prepared = updaters.map((updater) => updater.prepare(layers))
      return {
        changes: prepared[0]?.changes ?? [],
        apply() {
          for (const update of prepared) update.apply()
        },
      }
    },
  }
}

function checkQuota(dependency: string, { code, file }: OptionLayers): void {
  const asks = [code, file].some((options) => (options as { readonly rateLimit?: unknown } | null)?.rateLimit)
  if (!asks) return
  throw new ConfigInvalidError(`update of the client of '${dependency}'`, [
    {
      path: 'rateLimit',
      message: 'contradicts versions: each would count up to the whole quota; make a new client',
    },
  ])
}
